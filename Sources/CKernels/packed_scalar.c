// The reference products: portable C11, one element at a time, what every other level must equal.
#include <math.h>

#define TARGET
#include "packed_inputs.h"

/// B of the column whose bits are bit `bit`, from the highest on, of byte `byte` of each plane.
static uint8_t integer_at(const uint8_t *const *planes, size_t count, size_t byte, size_t bit) {
  unsigned integer = 0;
  for (size_t k = 0; k < count; k++) integer = integer << 1 | (planes[k][byte] >> (7 - bit) & 1);
  return (uint8_t)integer;
}

/// Where the product of the integer at a place of a chunk belongs.
static size_t sum_at(size_t place) {
  return place / BSTK_HALF_COLUMNS * BSTK_SUM_LANES + place % BSTK_STEP_COLUMNS / 4;
}

static void add_chunk(const int32_t sums[BSTK_CHUNK_SCALES], const float *scales, float *lanes) {
  for (size_t i = 0; i < BSTK_CHUNK_SCALES; i++)
    lanes[i % BSTK_SUM_LANES] = fmaf((float)sums[i], scales[i], lanes[i % BSTK_SUM_LANES]);
}

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
      int32_t sums[BSTK_CHUNK_SCALES] = {0};
      for (size_t byte = 0; byte < BSTK_CHUNK_BYTES && first + byte < row_bytes; byte++) {
        size_t place = bstk_place(byte, slots);
        for (size_t bit = 0; bit < 8; bit++) {
          uint8_t integer = integer_at(planes, count, row * row_bytes + first + byte, bit);
          sums[sum_at(place + bit)] += integer * values[place + bit];
        }
      }
      add_chunk(sums, inputs->scales + chunk * BSTK_CHUNK_SCALES, lanes);
    }
    float product = 2 * scales[row] * bstk_sum_lanes(lanes);
    y[row] = adding ? y[row] + product : product;
  }
}

static void unpack_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                          size_t readable, uint8_t *unpacked) {
  (void)readable;
  const size_t row_bytes = (columns + 7) / 8, slots = bstk_slots(count);
  for (size_t row = 0; row < rows; row++)
    for (size_t first = 0; first < row_bytes; first += BSTK_CHUNK_BYTES) {
      for (size_t byte = 0; byte < BSTK_CHUNK_BYTES && first + byte < row_bytes; byte++)
        for (size_t bit = 0; bit < 8; bit++)
          unpacked[bstk_place(byte, slots) + bit] =
              integer_at(planes, count, row * row_bytes + first + byte, bit);
      unpacked += BSTK_CHUNK_COLUMNS;
    }
}

static void multiply_unpacked(const uint8_t *unpacked, size_t count, size_t rows, size_t columns,
                              const struct bstk_inputs *inputs, size_t tokens, const float *scales,
                              float *y, size_t stride) {
  (void)count;
  const size_t row_bytes = (columns + 7) / 8;
  for (size_t row = 0; row < rows; row++) {
    for (size_t token = 0; token < tokens; token++) {
      const uint8_t *integers = unpacked;
      float lanes[BSTK_SUM_LANES];
      memcpy(lanes, inputs[token].offsets, sizeof lanes);
      for (size_t first = 0, chunk = 0; first < row_bytes; first += BSTK_CHUNK_BYTES, chunk++) {
        const int8_t *values = inputs[token].values + chunk * BSTK_CHUNK_COLUMNS;
        int32_t sums[BSTK_CHUNK_SCALES] = {0};
        // Inputs beyond the columns are 0.
        for (size_t i = 0; i < BSTK_CHUNK_COLUMNS; i++)
          sums[sum_at(i)] += integers[i] * values[i];
        add_chunk(sums, inputs[token].scales + chunk * BSTK_CHUNK_SCALES, lanes);
        integers += BSTK_CHUNK_COLUMNS;
      }
      y[token * stride + row] = 2 * scales[row] * bstk_sum_lanes(lanes);
    }
    unpacked += (row_bytes + BSTK_CHUNK_BYTES - 1) / BSTK_CHUNK_BYTES * BSTK_CHUNK_COLUMNS;
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

static float half_value(uint16_t half) {
  float value;
  bstk_f16_to_f32(&half, &value, 1);
  return value;
}
#include "packed_listed.h"

const struct bstk_packed_kernels bstk_packed_scalar = BSTK_PACKED_TABLE;
