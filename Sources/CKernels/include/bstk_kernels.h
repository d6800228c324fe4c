// Numeric kernels of bstk. No allocation, no I/O, no global state but the cached dispatch.
//
// Every kernel gives the same bits at every dispatch level: element-wise operations round once, and
// sums run over a fixed number of lanes in double precision, added up in a fixed order.
//
// Sign planes hold one bit per element of a row-major matrix, most significant bit first,
// 1 = +1 (value >= 0, both zeros included), 0 = -1.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Name of the instruction set the dispatcher chose: "scalar", "avx2" or "avx512". The environment
/// variable BSTK_KERNELS names a lower one, read at the first call of any kernel.
const char *bstk_kernels_name(void);

/// Dispatches to the named set from here on; 0 when this processor lacks it. For tests.
int bstk_kernels_select(const char *name);

/// IEEE binary16 to binary32, exact; NaNs stay NaNs.
void bstk_f16_to_f32(const uint16_t *in, float *out, size_t count);
/// binary32 to binary16, round to nearest even; overflow gives infinity, NaNs stay NaNs.
void bstk_f32_to_f16(const float *in, uint16_t *out, size_t count);
/// bfloat16 to binary32, exact.
void bstk_bf16_to_f32(const uint16_t *in, float *out, size_t count);
/// binary32 to bfloat16, round to nearest even; overflow gives infinity, NaNs stay NaNs.
void bstk_f32_to_bf16(const float *in, uint16_t *out, size_t count);

/// Splits values in place: writes their signs to ceil(count / 8) bytes of `signs` (unused bits 0)
/// and leaves the absolute values. Returns the sum of squares.
double bstk_split_signs(float *values, uint8_t *signs, size_t count);

/// One step of the residual R = sign * absolute: R -= sign * magnitude, kept as sign and absolute
/// value in place; `signs` starts at a byte's first bit, bits beyond `count` are left alone.
/// Returns the new sum of squares.
double bstk_residual_step(float *absolute, uint8_t *signs, const float *magnitude, size_t count);

/// Sum of (values[i] * weights[i])^2, products in double precision.
double bstk_weighted_squares(const float *values, const float *weights, size_t count);

/// out[i] += sign[i] * magnitude[i], the signs starting at bit `first` of the plane.
void bstk_sign_accumulate(float *out, const float *magnitude, const uint8_t *signs, size_t first,
                          size_t count);

#ifdef __cplusplus
}
#endif
