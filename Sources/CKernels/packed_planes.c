// Nested planes as stored: a few rows at a time, so that what is decoded stays on the stack.
#include "bstk_packed.h"

#include <string.h>

/// Rows whose scales are decoded at once.
enum { STRIP_ROWS = 64 };

static void row_scales(const struct bstk_planes *matrix, size_t first, size_t rows,
                       float *scales) {
  bstk_decode_vectors(matrix->u.type, matrix->u.bytes, 1, 1, 1, first, rows, scales);
  bstk_scale_values(scales, matrix->row_step, NULL, rows, scales);
}

/// The number of listed elements before `position`.
static size_t listed_before(const struct bstk_planes *matrix, size_t position) {
  size_t low = 0, high = matrix->listed;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (matrix->positions[middle] < position)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static size_t point_at(const struct bstk_planes *matrix, size_t row,
                       const uint8_t *planes[BSTK_MAX_PLANES]) {
  const size_t row_bytes = (matrix->columns + 7) / 8;
  for (size_t k = 0; k < matrix->count; k++) planes[k] = matrix->planes[k] + row * row_bytes;
  return (matrix->rows - row) * row_bytes;
}

void bstk_planes_inputs(const struct bstk_planes *matrix, const float *x, float *inputs) {
  bstk_decode_vectors(matrix->v.type, matrix->v.bytes, 1, 1, 1, 0, matrix->columns, inputs);
  bstk_scale_values(inputs, matrix->column_step, x, matrix->columns, inputs);
}

void bstk_planes_product(const struct bstk_planes *matrix, size_t first, size_t rows,
                         const float *inputs, const struct bstk_inputs *rounded, float *y) {
  const size_t columns = matrix->columns;
  size_t next = listed_before(matrix, first * columns);
  for (size_t done = 0; done < rows; done += STRIP_ROWS) {
    size_t row = first + done, live = rows - done < STRIP_ROWS ? rows - done : STRIP_ROWS;
    const uint8_t *planes[BSTK_MAX_PLANES];
    float scales[STRIP_ROWS];
    size_t readable = point_at(matrix, row, planes);
    row_scales(matrix, row, live, scales);
    bstk_multiply_planes(planes, matrix->count, live, columns, readable, rounded, scales, 0,
                         y + done);
    size_t end = listed_before(matrix, (row + live) * columns);
    if (end == next) continue;
    bstk_decode_vectors(matrix->u.type, matrix->u.bytes, 1, 1, 1, row, live, scales);
    bstk_add_listed(matrix->positions + next, matrix->excess + next, end - next, row, live, columns,
                    inputs, scales, 1 / matrix->column_step, y + done);
    next = end;
  }
}

void bstk_planes_round(const struct bstk_planes *matrix, const float *column_scales, const float *x,
                       size_t tokens, float *inputs, struct bstk_inputs *rounded,
                       float *by_column) {
  const size_t columns = matrix->columns;
  if (by_column && tokens < BSTK_TOKEN_GROUP)
    memset(by_column, 0, columns * BSTK_TOKEN_GROUP * sizeof *by_column);
  for (size_t token = 0; token < tokens; token++) {
    bstk_scale_values(column_scales, 1, x + token * columns, columns, inputs);
    bstk_round_inputs(inputs, columns, matrix->count, rounded + token);
    if (!by_column) continue;
    for (size_t column = 0; column < columns; column++)
      by_column[column * BSTK_TOKEN_GROUP + token] = inputs[column];
  }
}

void bstk_planes_products(const struct bstk_planes *matrix, size_t first, size_t rows,
                          const struct bstk_inputs *rounded, size_t tokens, const float *by_column,
                          uint8_t *unpacked, size_t strip, float *y, size_t stride) {
  const size_t columns = matrix->columns;
  size_t next = listed_before(matrix, first * columns);
  for (size_t done = 0; done < rows; done += strip) {
    size_t row = first + done, live = rows - done < strip ? rows - done : strip;
    const uint8_t *planes[BSTK_MAX_PLANES];
    float scales[STRIP_ROWS];
    size_t readable = point_at(matrix, row, planes);
    row_scales(matrix, row, live, scales);
    bstk_unpack_planes(planes, matrix->count, live, columns, readable, unpacked);
    size_t end = listed_before(matrix, (row + live) * columns);
    float u[STRIP_ROWS];
    if (end > next)
      bstk_decode_vectors(matrix->u.type, matrix->u.bytes, 1, 1, 1, row, live, u);
    // One group after the other, so that its results are still in the cache for the list.
    for (size_t token = 0; token < tokens; token += BSTK_TOKEN_GROUP) {
      size_t left = tokens - token, group = left < BSTK_TOKEN_GROUP ? left : BSTK_TOKEN_GROUP;
      float *out = y + token * stride + done;
      bstk_multiply_unpacked(unpacked, matrix->count, live, columns, rounded + token, group, scales,
                             out, stride);
      if (end > next)
        bstk_add_listed_tokens(matrix->positions + next, matrix->excess + next, end - next, row,
                               live, columns, by_column + token * columns, u,
                               1 / matrix->column_step, out, group, stride);
    }
    next = end;
  }
}

void bstk_planes_rebuild(const struct bstk_planes *matrix, size_t first, size_t rows,
                         const float *column_scales, float *out) {
  const size_t columns = matrix->columns;
  for (size_t done = 0; done < rows; done += STRIP_ROWS) {
    size_t row = first + done, live = rows - done < STRIP_ROWS ? rows - done : STRIP_ROWS;
    const uint8_t *planes[BSTK_MAX_PLANES];
    float scales[STRIP_ROWS];
    point_at(matrix, row, planes);
    row_scales(matrix, row, live, scales);
    bstk_rebuild_planes(planes, matrix->count, live, columns, scales, column_scales,
                        out + done * columns);
  }
  const size_t start = first * columns;
  size_t end = listed_before(matrix, start + rows * columns);
  for (size_t i = listed_before(matrix, start); i < end; i++) {
    size_t position = matrix->positions[i];
    float u, v, excess;
    bstk_decode_vectors(matrix->u.type, matrix->u.bytes, 1, 1, 1, position / columns, 1, &u);
    bstk_decode_vectors(matrix->v.type, matrix->v.bytes, 1, 1, 1, position % columns, 1, &v);
    bstk_f16_to_f32(matrix->excess + i, &excess, 1);
    out[position - start] += (float)((double)u * (double)v * (double)excess);
  }
}
