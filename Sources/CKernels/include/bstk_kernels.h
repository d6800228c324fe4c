// Numeric kernels of bstk. No allocation, no I/O, no global state but the cached dispatch.
//
// Every kernel but the two matrix products gives the same bits at every dispatch level: element-wise
// operations round once, and sums run over a fixed number of lanes in double precision, added up in
// a fixed order.
//
// Sign planes hold one bit per element of a row-major matrix, most significant bit first,
// 1 = +1 (value >= 0, both zeros included), 0 = -1.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Name of the instruction set the dispatcher chose: "scalar", "avx2", "avx512", "avx512vnni" (with
/// GFNI) or "neon". The environment variable BSTK_KERNELS names another, read at the first call of any kernel.
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

/// y = A x, and z += A^T y unless z is null, reading A once: A is rows x columns with row stride
/// `lda`, x and z are columns x width, y is rows x width, `width` is a multiple of 16.
void bstk_sweep(const float *a, size_t lda, size_t rows, size_t columns, const float *x, float *y,
                float *z, size_t width);

/// One level of a matrix: `rank` columns of u and rows of vt; a null `signs` means all are +1.
struct bstk_level {
  const float *u;
  const float *vt;
  const uint8_t *signs;
  size_t rank;
};

/// Columns handled at a time by bstk_accumulate_levels.
#define BSTK_TILE_COLUMNS 64

/// Adds (or subtracts) sign * (u vt) of all levels to rows first_row ..< first_row + rows of a
/// matrix of `columns` columns; `out` is the first of these rows. `scratch` holds
/// BSTK_TILE_COLUMNS floats for each unit of rank of all levels together, and 16 more.
void bstk_accumulate_levels(float *out, size_t first_row, size_t rows, size_t columns,
                            const struct bstk_level *levels, size_t count, int subtract,
                            float *scratch);

/// What stays the same for every column of a block in bstk_feedback_block and bstk_descent_block.
struct bstk_feedback {
  /// Rows of the matrix handled at once, a multiple of 16, and columns of the block.
  size_t rows, columns;
  /// Levels of the code, 1 to BSTK_MAX_PLANES.
  size_t levels;
  /// How much the squared error of each level counts.
  const float *weights;
  /// factors[k * stride + j], k > j: the triangular factor of what errors cost.
  const float *factors;
  size_t stride;
  /// The diagonal of the factor.
  const float *pivots;
};

/// Codes a block of columns, the last one first, passing each column's error on to those before.
///
/// All matrices are column by column, `rows` contiguous values for each of levels + 1 slots, in units
/// of the finest level's integers. Slot 0 of `errors` holds the values to code, the others become
/// what each level leaves of them. Slot 0 of `targets` is what no code at all would leave, the others
/// are the levels' targets, all of them after the feedback of the columns behind the block; they
/// become the remainders, target minus code, times the pivot. `codes` becomes the integer
/// 0 ..< 2^levels of each element, whose leading bits are the coarser levels' integers.
void bstk_feedback_block(const struct bstk_feedback *state, float *targets, float *errors,
                         uint8_t *codes);

/// Changes the codes of a block of columns, one after the other, where that lowers the weighted sum
/// of the levels' losses.
///
/// `gram` is columns x columns: what errors of two columns cost together. `gradients`, laid out as
/// `errors` is, holds for every column the sum of all columns' errors times what they cost with it,
/// and is kept up within the block. `changes` becomes how the errors have changed.
void bstk_descent_block(const struct bstk_feedback *state, const float *gram, float *gradients,
                        float *errors, float *changes, uint8_t *codes);

/// One round of balancing magnitudes: row_means[r] = mean of |w| * inverse[c] over the row's
/// columns, and column_sums[c] += |w| / row_means[r]. A row of zeros keeps a mean of zero and adds
/// nothing.
void bstk_balance_rows(const float *w, size_t rows, size_t columns, const float *inverse,
                       float *row_means, float *column_sums);

/// out[k * stride + r] = w[r, order[k]] * row_factors[r] * column_factors[order[k]].
void bstk_gather_columns(const float *w, size_t rows, size_t columns, const uint32_t *order,
                         const float *row_factors, const float *column_factors, float *out,
                         size_t stride);

/// Writes the numbers of the elements with |w[i] * row_factor * column_factors[i]| > limit to `out`,
/// which has room for all, and returns how many.
size_t bstk_find_outliers(const float *w, size_t count, float row_factor,
                          const float *column_factors, float limit, uint32_t *out);
/// The most planes of one matrix.
#define BSTK_MAX_PLANES 8

/// out[r][c] = (scales[r] * v[c]) * N(r, c), each product rounded to binary32, where
/// N = 2 B - (2^count - 1) and B is the integer whose bits, most significant first, are those of
/// planes[0], planes[1], ... at row r and column c.
///
/// Every row of a plane starts on a byte of its own, ceil(columns / 8) bytes after the row before,
/// its first column in the highest bit; unused bits of a row's last byte may be anything. `planes`
/// holds `count` (1 to BSTK_MAX_PLANES) pointers to the first of `rows` rows.
void bstk_rebuild_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                         const float *scales, const float *v, float *out);

/// values[r][c] = B(r, c), the integers of the planes above, a byte each.
void bstk_expand_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        uint8_t *values);

/// The other way: bit `bit` (0 the least significant, at most 7) of `count` values of one row, as
/// ceil(count / 8) bytes of a plane, unused bits 0.
void bstk_pack_plane(const uint8_t *values, size_t count, unsigned bit, uint8_t *plane);

#ifdef __cplusplus
}
#endif
