// Products with weights in their stored code, and what is decoded for one product.
//
// Every function gives the same bits at every dispatch level: integers are exact, and sums in binary32
// run over BSTK_SUM_LANES lanes of fused multiply-adds, added up in a fixed order.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "bstk_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How values are stored, all integers little-endian.
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

/// Lanes of a sum in binary32.
#define BSTK_SUM_LANES 16
/// Columns of one chunk of rounded inputs.
#define BSTK_CHUNK_COLUMNS 512

/// The inputs of one token, rounded to 8 bits for bstk_multiply_planes.
///
/// Columns are cut into chunks of BSTK_CHUNK_COLUMNS, the last one filled up with zeros. The 32 columns
/// of a chunk that are added up in one lane share a scale: their largest magnitude over 127.
struct bstk_inputs {
  /// BSTK_CHUNK_COLUMNS for each chunk, in the order in which the kernels read them.
  int8_t *values;
  /// BSTK_SUM_LANES for each chunk.
  float *scales;
  /// What each lane of a row's sum starts from: -(2^planes - 1) / 2 times the sum of its inputs.
  float offsets[BSTK_SUM_LANES];
};

/// Rounds `columns` inputs for products with 1 to BSTK_MAX_PLANES `planes`. Inputs of which one is no
/// number, or infinite, give NaN in all sums.
void bstk_round_inputs(const float *inputs, size_t columns, size_t planes,
                       struct bstk_inputs *rounded);

/// out[i] = (float)(values[i] * factor) * times[i], without the last factor where `times` is null; in
/// place where `out` is `values`.
void bstk_scale_values(const float *values, double factor, const float *times, size_t count,
                       float *out);

/// y[r] = 2 * scales[r] * sum over c of (B(r, c) - (2^count - 1) / 2) * input[c] for `rows` rows of
/// `count` planes as bstk_rebuild_planes takes them, or adds that where `adding` is not 0. `readable`
/// is the number of bytes from planes[k] to the end of each plane, at least rows * ceil(columns / 8).
void bstk_multiply_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                          size_t readable, const struct bstk_inputs *inputs, const float *scales,
                          int adding, float *y);

/// The integers of planes, a byte each, in the order of rounded inputs: BSTK_CHUNK_COLUMNS bytes for each
/// chunk of each row. Bytes beyond the columns are anything.
void bstk_unpack_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        size_t readable, uint8_t *unpacked);

/// bstk_multiply_planes with unpacked integers for many tokens, the same bits: y[t * stride + r] of
/// token t comes from inputs[t].
void bstk_multiply_unpacked(const uint8_t *unpacked, size_t count, size_t rows, size_t columns,
                            const struct bstk_inputs *inputs, size_t tokens, const float *scales,
                            float *y, size_t stride);

/// y[r] = sum over c of w[r, c] * x[c] for row-major binary16 or bfloat16 weights.
void bstk_multiply_halves(enum bstk_vector_type type, const uint16_t *weights, size_t rows,
                          size_t columns, const float *x, float *y);

/// y[r] += u[r] * factor * sum of excess[i] * inputs[c] over the listed elements of the row, for `rows`
/// rows from `first_row` on, the sum in binary32, the rest in binary64; positions are row * columns +
/// column, ascending, all of them in these rows; excess is binary16.
void bstk_add_listed(const uint32_t *positions, const uint16_t *excess, size_t count,
                     size_t first_row, size_t rows, size_t columns, const float *inputs,
                     const float *u, double factor, float *y);

/// Tokens whose inputs stand next to each other in bstk_add_listed_tokens.
#define BSTK_TOKEN_GROUP 16

/// bstk_add_listed for `tokens` tokens, at most BSTK_TOKEN_GROUP, the same bits: by_column holds
/// BSTK_TOKEN_GROUP inputs for each column; token t's results are at y[t * stride + r].
void bstk_add_listed_tokens(const uint32_t *positions, const uint16_t *excess, size_t count,
                            size_t first_row, size_t rows, size_t columns, const float *by_column,
                            const float *u, double factor, float *y, size_t tokens, size_t stride);

/// Copies `count` bits from bit `first` of `signs` on to the start of a byte, the first in the highest
/// bit; unused bits of the last byte become 0. Reads no byte without one of these bits.
void bstk_copy_signs(const uint8_t *signs, size_t first, size_t count, uint8_t *out);

/// Vectors in their stored type: `rank` components of one factor.
struct bstk_vectors {
  enum bstk_vector_type type;
  const uint8_t *bytes;
  size_t rank;
};

/// A matrix of nested planes as stored.
struct bstk_planes {
  size_t rows, columns;
  /// 1 to BSTK_MAX_PLANES planes, each of rows * ceil(columns / 8) bytes.
  const uint8_t *planes[BSTK_MAX_PLANES];
  size_t count;
  /// The magnitudes of rows and of columns, of rank 1.
  struct bstk_vectors u, v;
  /// W = (float)(u * row_step) * (float)(v * column_step) * (2 B - (2^count - 1)) + u * v * excess.
  double row_step, column_step;
  /// The sparse list, ascending; excess is binary16.
  const uint32_t *positions;
  const uint16_t *excess;
  size_t listed;
};

/// inputs[c] = (float)(v[c] * column_step) * x[c], what the products below take. `inputs` has room for
/// all columns.
void bstk_planes_inputs(const struct bstk_planes *matrix, const float *x, float *inputs);

/// y[r] = sum over c of W(first + r, c) * x[c] for `rows` rows, from inputs[c] as they come from
/// bstk_planes_inputs, and the same rounded for `count` planes.
void bstk_planes_product(const struct bstk_planes *matrix, size_t first, size_t rows,
                         const float *inputs, const struct bstk_inputs *rounded, float *y);

/// Prepares `tokens` tokens, at most BSTK_TOKEN_GROUP, x[t * columns + c], for bstk_planes_products:
/// rounds them and, unless `by_column` is null, writes their inputs to it, BSTK_TOKEN_GROUP for each
/// column. `column_scales` holds (float)(v * column_step), `inputs` has room for all columns.
void bstk_planes_round(const struct bstk_planes *matrix, const float *column_scales, const float *x,
                       size_t tokens, float *inputs, struct bstk_inputs *rounded, float *by_column);

/// bstk_planes_product for many tokens, the same bits, at y[t * stride + r]. `by_column` holds the
/// inputs of one group of tokens after the other, and may be null where nothing is listed. `unpacked`
/// has room for BSTK_CHUNK_COLUMNS bytes for each chunk of `strip` rows, at most 64.
void bstk_planes_products(const struct bstk_planes *matrix, size_t first, size_t rows,
                          const struct bstk_inputs *rounded, size_t tokens, const float *by_column,
                          uint8_t *unpacked, size_t strip, float *y, size_t stride);

/// out[r][c] = W(first + r, c) for `rows` rows. `column_scales` holds (float)(v * column_step).
void bstk_planes_rebuild(const struct bstk_planes *matrix, size_t first, size_t rows,
                         const float *column_scales, float *out);

/// One level of signs as stored: sign * (u vt), the signs row-major without any alignment of rows.
struct bstk_signs {
  size_t rows, columns;
  const uint8_t *signs;
  /// rows x rank and rank x columns.
  struct bstk_vectors u, vt;
};

/// Rows of signs handled at once by bstk_signs_product.
#define BSTK_SIGN_ROWS 32

/// inputs[c] = vt[component, c] * x[c], to be rounded for one plane. `inputs` has room for all columns.
void bstk_signs_inputs(const struct bstk_signs *level, size_t component, const float *x,
                       float *inputs);

/// y[r] += sum over c of W(first + r, c) * x[c] for `rows` rows, from the rounded inputs of every
/// component. `scratch` holds BSTK_SIGN_ROWS * ceil(columns / 8) bytes, `factors` BSTK_SIGN_ROWS *
/// (rank + 1) floats.
void bstk_signs_product(const struct bstk_signs *level, size_t first, size_t rows,
                        const struct bstk_inputs *rounded, uint8_t *scratch, float *factors,
                        float *y);

#ifdef __cplusplus
}
#endif
