// The reference kernels: portable C11, one element at a time, what every other level must equal.
#include <math.h>

#define TARGET
#define STRIP 4
#define BLOCK 1
#include "products.h"
#include "feedback.h"

static inline float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void f16_to_f32(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t sign = (uint32_t)(in[i] & 0x8000) << 16, exponent = (in[i] >> 10) & 31;
    uint32_t fraction = in[i] & 0x3ff;
    if (exponent == 31) {
      // The quiet bit is set, as the processor's own conversion does.
      uint32_t quiet = fraction ? 0x400000 : 0;
      out[i] = from_bits(sign | 0x7f800000 | fraction << 13 | quiet);
    } else if (exponent) {
      out[i] = from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    } else {
      float magnitude = (float)fraction * 0x1p-24f;
      out[i] = from_bits(sign | to_bits(magnitude));
    }
  }
}

static void f32_to_f16(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = to_bits(in[i]), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) {
      out[i] = (uint16_t)(sign | 0x7e00 | (rest >> 13 & 0x3ff));
    } else if (rest >= 0x477ff000) {
      out[i] = (uint16_t)(sign | 0x7c00);
    } else if (rest >= 0x38800000) {
      uint32_t rebased = rest - (112u << 23);
      out[i] = (uint16_t)(sign | (rebased + 0xfff + (rebased >> 13 & 1)) >> 13);
    } else {
      // Subnormal: adding 0.5 lets the addition itself round to a multiple of 2^-24.
      uint32_t rounded = to_bits(from_bits(rest) + 0.5f);
      out[i] = (uint16_t)(sign | (rounded - 0x3f000000));
    }
  }
}

static void bf16_to_f32(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = from_bits((uint32_t)in[i] << 16);
}

static void f32_to_bf16(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = to_bits(in[i]);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40;
    out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
  }
}

static double split_signs(float *values, uint8_t *signs, size_t count) {
  double lanes[BSTK_LANES] = {0};
  memset(signs, 0, (count + 7) / 8);
  for (size_t i = 0; i < count; i++) {
    if (values[i] >= 0) signs[i / 8] |= (uint8_t)(0x80 >> i % 8);
    values[i] = fabsf(values[i]);
    lanes[i % BSTK_LANES] += (double)values[i] * (double)values[i];
  }
  return bstk_lane_sum(lanes);
}

static double residual_step(float *absolute, uint8_t *signs, const float *magnitude,
                            size_t count) {
  double lanes[BSTK_LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    float difference = absolute[i] - magnitude[i];
    uint8_t bit = (uint8_t)(0x80 >> i % 8);
    if (difference < 0) signs[i / 8] ^= bit;
    if (difference == 0) signs[i / 8] |= bit;
    absolute[i] = fabsf(difference);
    lanes[i % BSTK_LANES] += (double)difference * (double)difference;
  }
  return bstk_lane_sum(lanes);
}

static double weighted_squares(const float *values, const float *weights, size_t count) {
  double lanes[BSTK_LANES] = {0};
  for (size_t i = 0; i < count; i++) {
    double product = (double)values[i] * (double)weights[i];
    double square = product * product;
    lanes[i % BSTK_LANES] += square;
  }
  return bstk_lane_sum(lanes);
}

/// The integer at one column of the row whose first byte is `row_start`.
static inline unsigned nested_integer(const uint8_t *const *planes, size_t count, size_t row_start,
                                      size_t column) {
  unsigned integer = 0;
  for (size_t k = 0; k < count; k++)
    integer = integer << 1 | (planes[k][row_start + column / 8] >> (7 - column % 8) & 1);
  return integer;
}

static void rebuild_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                           const float *scales, const float *v, float *out) {
  const size_t row_bytes = (columns + 7) / 8;
  const int highest = (1 << count) - 1;
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      unsigned integer = nested_integer(planes, count, row * row_bytes, column);
      float magnitude = scales[row] * v[column];
      out[row * columns + column] = magnitude * (float)(2 * (int)integer - highest);
    }
  }
}

static void expand_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                          uint8_t *values) {
  const size_t row_bytes = (columns + 7) / 8;
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < columns; column++)
      values[row * columns + column] =
          (uint8_t)nested_integer(planes, count, row * row_bytes, column);
}

static void pack_plane(const uint8_t *values, size_t count, unsigned bit, uint8_t *plane) {
  memset(plane, 0, (count + 7) / 8);
  for (size_t i = 0; i < count; i++)
    plane[i / 8] |= (uint8_t)((values[i] >> bit & 1) << (7 - i % 8));
}

const struct bstk_kernels bstk_kernels_scalar = {
    .name = "scalar",
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
    .bf16_to_f32 = bf16_to_f32,
    .f32_to_bf16 = f32_to_bf16,
    .split_signs = split_signs,
    .residual_step = residual_step,
    .weighted_squares = weighted_squares,
    .sweep = sweep,
    .accumulate_levels = accumulate_levels,
    .feedback_block = feedback_block,
    .descent_block = descent_block,
    .rebuild_planes = rebuild_planes,
    .expand_planes = expand_planes,
    .pack_plane = pack_plane,
    .packed = &bstk_packed_scalar,
};
