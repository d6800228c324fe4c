// AVX2, FMA and F16C bodies, in groups of 16 elements; a last partial group passes through padded
// copies so that sums use the same lanes as everywhere.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define STRIP 4
#define BLOCK 1
#include "products.h"
#include "feedback.h"

/// Four running double sums, lanes 0-3, 4-7, 8-11 and 12-15.
struct sums {
  __m256d part[4];
};

TARGET static inline void add_squares(struct sums *sums, __m256 low, __m256 high) {
  __m256d wide[4] = {_mm256_cvtps_pd(_mm256_castps256_ps128(low)),
                     _mm256_cvtps_pd(_mm256_extractf128_ps(low, 1)),
                     _mm256_cvtps_pd(_mm256_castps256_ps128(high)),
                     _mm256_cvtps_pd(_mm256_extractf128_ps(high, 1))};
  for (int i = 0; i < 4; i++)
    sums->part[i] = _mm256_add_pd(sums->part[i], _mm256_mul_pd(wide[i], wide[i]));
}

TARGET static inline double lane_sum(const struct sums *sums) {
  double lanes[BSTK_LANES];
  for (int i = 0; i < 4; i++) _mm256_storeu_pd(lanes + 4 * i, sums->part[i]);
  return bstk_lane_sum(lanes);
}

/// Masks put the first element in the lowest bit, sign planes in the highest.
TARGET static inline uint8_t mirrored_mask(__m256 comparison) {
  return __builtin_bitreverse8((uint8_t)_mm256_movemask_ps(comparison));
}

TARGET static inline __m256 absolute_value(__m256 v) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

TARGET static void f16_to_f32(const uint16_t *in, float *out, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(in + i))));
  bstk_kernels_scalar.f16_to_f32(in + i, out + i, count - i);
}

TARGET static void f32_to_f16(const float *in, uint16_t *out, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128((__m128i *)(out + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + i),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  bstk_kernels_scalar.f32_to_f16(in + i, out + i, count - i);
}

TARGET static void bf16_to_f32(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = (uint32_t)in[i] << 16;
    memcpy(out + i, &bits, sizeof bits);
  }
}

TARGET static void f32_to_bf16(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, in + i, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40;
    out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
  }
}

/// Sixteen values: signs to two bytes, absolute values in place.
TARGET static inline void split_group(float *values, uint8_t *signs, struct sums *sums) {
  __m256 low = _mm256_loadu_ps(values), high = _mm256_loadu_ps(values + 8);
  signs[0] = mirrored_mask(_mm256_cmp_ps(low, _mm256_setzero_ps(), _CMP_GE_OQ));
  signs[1] = mirrored_mask(_mm256_cmp_ps(high, _mm256_setzero_ps(), _CMP_GE_OQ));
  low = absolute_value(low);
  high = absolute_value(high);
  _mm256_storeu_ps(values, low);
  _mm256_storeu_ps(values + 8, high);
  add_squares(sums, low, high);
}

TARGET static double split_signs(float *values, uint8_t *signs, size_t count) {
  struct sums sums = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) split_group(values + i, signs + i / 8, &sums);
  if (i < count) {
    float copy[16];
    uint8_t bits[2];
    for (size_t j = 0; j < 16; j++) copy[j] = i + j < count ? values[i + j] : -0.0f;
    split_group(copy, bits, &sums);
    size_t left = count - i;
    memcpy(values + i, copy, left * sizeof(float));
    uint16_t live = (uint16_t)~(0xffff >> left);
    signs[i / 8] = bits[0] & (uint8_t)(live >> 8);
    if (left > 8) signs[i / 8 + 1] = bits[1] & (uint8_t)live;
  }
  return lane_sum(&sums);
}

TARGET static inline __m256 step(__m256 absolute, __m256 magnitude, uint8_t *signs) {
  __m256 difference = _mm256_sub_ps(absolute, magnitude), zero = _mm256_setzero_ps();
  uint8_t negative = mirrored_mask(_mm256_cmp_ps(difference, zero, _CMP_LT_OQ));
  uint8_t nothing = mirrored_mask(_mm256_cmp_ps(difference, zero, _CMP_EQ_OQ));
  *signs = (uint8_t)((*signs ^ negative) | nothing);
  return absolute_value(difference);
}

TARGET static inline void step_group(float *absolute, uint8_t *signs, const float *magnitude,
                                     struct sums *sums) {
  __m256 low = step(_mm256_loadu_ps(absolute), _mm256_loadu_ps(magnitude), signs);
  __m256 high = step(_mm256_loadu_ps(absolute + 8), _mm256_loadu_ps(magnitude + 8), signs + 1);
  _mm256_storeu_ps(absolute, low);
  _mm256_storeu_ps(absolute + 8, high);
  add_squares(sums, low, high);
}

TARGET static double residual_step(float *absolute, uint8_t *signs, const float *magnitude,
                                   size_t count) {
  struct sums sums = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    step_group(absolute + i, signs + i / 8, magnitude + i, &sums);
  if (i < count) {
    size_t left = count - i;
    float values[16] = {0}, subtrahends[16] = {0};
    memcpy(values, absolute + i, left * sizeof(float));
    memcpy(subtrahends, magnitude + i, left * sizeof(float));
    uint8_t bits[2] = {signs[i / 8], left > 8 ? signs[i / 8 + 1] : 0}, old[2] = {bits[0], bits[1]};
    step_group(values, bits, subtrahends, &sums);
    memcpy(absolute + i, values, left * sizeof(float));
    uint16_t live = (uint16_t)~(0xffff >> left);
    signs[i / 8] = (uint8_t)((bits[0] & live >> 8) | (old[0] & ~(live >> 8)));
    if (left > 8) signs[i / 8 + 1] = (uint8_t)((bits[1] & live) | (old[1] & ~live));
  }
  return lane_sum(&sums);
}

TARGET static double weighted_squares(const float *values, const float *weights, size_t count) {
  double lanes[BSTK_LANES] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (size_t j = 0; j < 16; j++) {
      double product = (double)values[i + j] * (double)weights[i + j];
      double square = product * product;
      lanes[j] += square;
    }
  }
  for (size_t j = 0; i + j < count; j++) {
    double product = (double)values[i + j] * (double)weights[i + j];
    double square = product * product;
    lanes[j] += square;
  }
  return bstk_lane_sum(lanes);
}

typedef __m256i integers;
#define PLANE_GROUP 32
#include "planes.h"

/// Each of 32 columns reads the byte of its bit, then that bit.
TARGET INLINE integers gather_integers(const struct plane_rows *rows, size_t byte, size_t count) {
  const __m256i columns = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
                                           2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bits = _mm256_set1_epi64x(0x0102040810204080);
  __m256i sum = _mm256_setzero_si256();
  for (size_t k = 0; k < count; k++) {
    int32_t four;
    memcpy(&four, rows->at[k] + byte, sizeof four);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(four), columns);
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bits), bits);
    // A set bit is -1 here.
    sum = _mm256_sub_epi8(_mm256_add_epi8(sum, sum), set);
  }
  return sum;
}

TARGET INLINE void store_integers(integers values, uint8_t *out) {
  _mm256_storeu_si256((__m256i *)out, values);
}

TARGET INLINE void rebuild_group(integers values, size_t count, float scale, const float *v,
                                 float *out) {
  // N = 2 (B - 2^(count-1)) + 1, exact with or without fusing.
  values = _mm256_sub_epi8(values, _mm256_set1_epi8((char)(1 << (count - 1))));
  __m128i halves[2] = {_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1)};
  for (size_t i = 0; i < 4; i++) {
    __m128i eight = i % 2 ? _mm_srli_si128(halves[i / 2], 8) : halves[i / 2];
    __m256 number = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
    number = _mm256_fmadd_ps(number, _mm256_set1_ps(2), _mm256_set1_ps(1));
    __m256 magnitude = _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(v + 8 * i));
    _mm256_storeu_ps(out + 8 * i, _mm256_mul_ps(magnitude, number));
  }
}

TARGET INLINE void pack_group(const uint8_t *values, unsigned bit, uint8_t *plane) {
  // The first of eight values goes to the highest bit, so eights are mirrored.
  const __m256i mirror = _mm256_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8,
                                          7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
  __m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)values), mirror);
  v = _mm256_sll_epi16(v, _mm_cvtsi32_si128(7 - (int)bit));
  int32_t mask = _mm256_movemask_epi8(v);
  memcpy(plane, &mask, sizeof mask);
}

const struct bstk_kernels bstk_kernels_avx2 = {
    .name = "avx2",
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
    .packed = &bstk_packed_avx2,
};
#endif
