// Passes over a matrix before its columns are coded; memory decides their speed, not arithmetic.
#include <math.h>

#include "bstk_kernels.h"

void bstk_balance_rows(const float *w, size_t rows, size_t columns, const float *inverse,
                       float *row_means, float *column_sums) {
  enum { LANES = 16 };
  for (size_t row = 0; row < rows; row++, w += columns) {
    float lanes[LANES] = {0};
    size_t whole = columns / LANES * LANES;
    for (size_t c = 0; c < whole; c += LANES)
      for (size_t i = 0; i < LANES; i++) lanes[i] += fabsf(w[c + i]) * inverse[c + i];
    for (size_t c = whole; c < columns; c++) lanes[0] += fabsf(w[c]) * inverse[c];
    double sum = 0;
    for (size_t i = 0; i < LANES; i++) sum += lanes[i];
    float mean = (float)(sum / (double)columns);
    row_means[row] = mean;
    if (!(mean > 0)) continue;
    float factor = 1 / mean;
    for (size_t c = 0; c < columns; c++) column_sums[c] += fabsf(w[c]) * factor;
  }
}

void bstk_gather_columns(const float *w, size_t rows, size_t columns, const uint32_t *order,
                         const float *row_factors, const float *column_factors, float *out,
                         size_t stride) {
  enum { GROUP = 16 };
  for (size_t first = 0; first < rows; first += GROUP) {
    size_t end = first + GROUP < rows ? first + GROUP : rows;
    for (size_t k = 0; k < columns; k++) {
      size_t column = order[k];
      float factor = column_factors[column];
      for (size_t row = first; row < end; row++)
        out[k * stride + row] = w[row * columns + column] * row_factors[row] * factor;
    }
  }
}

size_t bstk_find_outliers(const float *w, size_t count, float row_factor,
                          const float *column_factors, float limit, uint32_t *out) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    out[found] = (uint32_t)i;
    found += fabsf(w[i] * row_factor * column_factors[i]) > limit;
  }
  return found;
}
