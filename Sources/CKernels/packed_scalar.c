// The reference products: portable C11, one element at a time, what every other level must equal.
#include <math.h>

#define TARGET
#include "packed_inputs.h"

static void multiply_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                            size_t readable, const struct bstk_inputs *inputs, const float *scales,
                            int adding, float *y) {
  (void)readable;
  const size_t row_bytes = (columns + 7) / 8, slots = bstk_slots(count);
  for (size_t row = 0; row < rows; row++) {
    float lanes[BSTK_SUM_LANES];
    memcpy(lanes, inputs->offsets, sizeof lanes);
    for (size_t first = 0, chunk = 0; first < row_bytes; first += BSTK_CHUNK_BYTES, chunk++) {
      const int8_t *values = inputs->values + chunk * BSTK_CHUNK_COLUMNS;
      int32_t sums[BSTK_SUM_LANES] = {0};
      for (size_t byte = 0; byte < BSTK_CHUNK_BYTES && first + byte < row_bytes; byte++) {
        size_t place = bstk_place(byte, slots);
        for (size_t bit = 0; bit < 8; bit++) {
          int32_t integer = 0;
          for (size_t k = 0; k < count; k++)
            integer =
                integer << 1 | (planes[k][row * row_bytes + first + byte] >> (7 - bit) & 1);
          sums[(place + bit) % BSTK_STEP_COLUMNS / 4] += integer * values[place + bit];
        }
      }
      for (size_t lane = 0; lane < BSTK_SUM_LANES; lane++)
        lanes[lane] =
            fmaf((float)sums[lane], inputs->scales[chunk * BSTK_SUM_LANES + lane], lanes[lane]);
    }
    float product = 2 * scales[row] * bstk_sum_lanes(lanes);
    y[row] = adding ? y[row] + product : product;
  }
}

static void multiply_halves(enum bstk_vector_type type, const uint16_t *weights, size_t rows,
                            size_t columns, const float *x, float *y) {
  for (size_t row = 0; row < rows; row++) {
    float lanes[BSTK_SUM_LANES] = {0};
    for (size_t first = 0; first < columns; first += BSTK_STEP_COLUMNS) {
      size_t left = columns - first;
      size_t width = left < BSTK_STEP_COLUMNS ? left : BSTK_STEP_COLUMNS;
      float part[BSTK_STEP_COLUMNS];
      if (type == BSTK_VECTOR_FP16)
        bstk_f16_to_f32(weights + row * columns + first, part, width);
      else
        bstk_bf16_to_f32(weights + row * columns + first, part, width);
      for (size_t i = 0; i < width; i++)
        lanes[i % BSTK_SUM_LANES] = fmaf(part[i], x[first + i], lanes[i % BSTK_SUM_LANES]);
    }
    y[row] = bstk_sum_lanes(lanes);
  }
}

static void add_listed(const uint32_t *positions, const uint16_t *excess, size_t count,
                       size_t first_row, size_t rows, size_t columns, const float *inputs,
                       const float *u, double factor, float *y) {
  size_t next = 0;
  for (size_t row = 0; row < rows && next < count; row++) {
    size_t start = (first_row + row) * columns;
    float sum = 0;
    for (; next < count && positions[next] < start + columns; next++) {
      float value;
      bstk_f16_to_f32(excess + next, &value, 1);
      sum = fmaf(value, inputs[positions[next] - start], sum);
    }
    y[row] = (float)(y[row] + u[row] * factor * sum);
  }
}

const struct bstk_packed_kernels bstk_packed_scalar = {
    .scale_values = scale_values,
    .round_inputs = round_inputs,
    .multiply_planes = multiply_planes,
    .multiply_halves = multiply_halves,
    .add_listed = add_listed,
};
