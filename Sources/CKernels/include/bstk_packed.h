// Weights in their stored code: what is decoded for one product and thrown away again.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How magnitude vectors are stored, all integers little-endian.
enum bstk_vector_type {
  /// IEEE binary16.
  BSTK_VECTOR_FP16,
  /// bfloat16.
  BSTK_VECTOR_BF16,
  /// One binary32 scale for each component, then an int8 for each value.
  BSTK_VECTOR_INT8,
  /// One binary32 scale for each component, then a byte b for each value: scale * 2^(-b/16), 0 where b
  /// is 255.
  BSTK_VECTOR_LOG8,
};

/// Decodes values first ..< first + count of a factor of `rank` components, in the order stored.
/// Value i belongs to component i / divisor % modulus. `bytes` holds all scales and at least these
/// values; with binary16 and bfloat16 it is aligned to 2 bytes.
void bstk_decode_vectors(enum bstk_vector_type type, const uint8_t *bytes, size_t rank,
                         size_t divisor, size_t modulus, size_t first, size_t count, float *out);

#ifdef __cplusplus
}
#endif
