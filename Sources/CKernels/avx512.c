// AVX-512 bodies (F, BW, DQ, VL); tails go to the masked form of the same code.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define STRIP 16
#define BLOCK 4
#include "products.h"
#include "feedback.h"

/// The lanes below `count`, at most 16.
static inline __mmask16 lanes_below(size_t count) {
  return count >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << count) - 1);
}

/// Sign planes put the first element in the highest bit of a byte, masks in the lowest.
static inline uint16_t mirrored(uint16_t bits) {
  return (uint16_t)(__builtin_bitreverse8((uint8_t)bits) |
                    __builtin_bitreverse8((uint8_t)(bits >> 8)) << 8);
}

/// Reads or writes the bytes of a sign plane that hold `count` (at most 16) elements.
static inline uint16_t load_signs(const uint8_t *signs, size_t count) {
  return (uint16_t)(signs[0] | (count > 8 ? signs[1] << 8 : 0));
}

static inline void store_signs(uint8_t *signs, uint16_t bits, size_t count) {
  signs[0] = (uint8_t)bits;
  if (count > 8) signs[1] = (uint8_t)(bits >> 8);
}

TARGET static inline void add_squares(__m512 v, __m512d *low, __m512d *high) {
  __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  __m512d b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  *low = _mm512_fmadd_pd(a, a, *low);
  *high = _mm512_fmadd_pd(b, b, *high);
}

TARGET static inline double lane_sum(__m512d low, __m512d high) {
  double lanes[BSTK_LANES];
  _mm512_storeu_pd(lanes, low);
  _mm512_storeu_pd(lanes + 8, high);
  return bstk_lane_sum(lanes);
}

TARGET static void f16_to_f32(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    __mmask16 live = lanes_below(count - i);
    __m512 v = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(live, in + i));
    _mm512_mask_storeu_ps(out + i, live, v);
  }
}

TARGET static void f32_to_f16(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    __mmask16 live = lanes_below(count - i);
    __m256i v = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(live, in + i),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_mask_storeu_epi16(out + i, live, v);
  }
}

TARGET static void bf16_to_f32(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    __mmask16 live = lanes_below(count - i);
    __m512i v = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(live, in + i));
    _mm512_mask_storeu_epi32(out + i, live, _mm512_slli_epi32(v, 16));
  }
}

TARGET static void f32_to_bf16(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    __mmask16 live = lanes_below(count - i);
    __m512 v = _mm512_maskz_loadu_ps(live, in + i);
    __m512i bits = _mm512_castps_si512(v), high = _mm512_srli_epi32(bits, 16);
    __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
    __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __m512i rounded = _mm512_srli_epi32(sum, 16);
    __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, high, _mm512_set1_epi32(0x40));
    _mm256_mask_storeu_epi16(out + i, live, _mm512_cvtepi32_epi16(rounded));
  }
}

TARGET static double split_signs(float *values, uint8_t *signs, size_t count) {
  __m512d low = _mm512_setzero_pd(), high = low;
  for (size_t i = 0; i < count; i += 16) {
    size_t left = count - i;
    __mmask16 live = lanes_below(left);
    __m512 v = _mm512_maskz_loadu_ps(live, values + i);
    uint16_t positive = _mm512_mask_cmp_ps_mask(live, v, _mm512_setzero_ps(), _CMP_GE_OQ);
    store_signs(signs + i / 8, mirrored(positive), left);
    v = _mm512_abs_ps(v);
    _mm512_mask_storeu_ps(values + i, live, v);
    add_squares(v, &low, &high);
  }
  return lane_sum(low, high);
}

TARGET static double residual_step(float *absolute, uint8_t *signs, const float *magnitude,
                                   size_t count) {
  __m512d low = _mm512_setzero_pd(), high = low;
  for (size_t i = 0; i < count; i += 16) {
    size_t left = count - i;
    __mmask16 live = lanes_below(left);
    __m512 v = _mm512_sub_ps(_mm512_maskz_loadu_ps(live, absolute + i),
                             _mm512_maskz_loadu_ps(live, magnitude + i));
    uint16_t negative = _mm512_mask_cmp_ps_mask(live, v, _mm512_setzero_ps(), _CMP_LT_OQ);
    uint16_t zero = _mm512_mask_cmp_ps_mask(live, v, _mm512_setzero_ps(), _CMP_EQ_OQ);
    uint16_t bits = load_signs(signs + i / 8, left);
    bits = (uint16_t)((bits ^ mirrored(negative)) | mirrored(zero));
    store_signs(signs + i / 8, bits, left);
    v = _mm512_abs_ps(v);
    _mm512_mask_storeu_ps(absolute + i, live, v);
    add_squares(v, &low, &high);
  }
  return lane_sum(low, high);
}

TARGET static double weighted_squares(const float *values, const float *weights, size_t count) {
  __m512d low = _mm512_setzero_pd(), high = low;
  for (size_t i = 0; i < count; i += 16) {
    __mmask16 live = lanes_below(count - i);
    __m512 v = _mm512_maskz_loadu_ps(live, values + i);
    __m512 w = _mm512_maskz_loadu_ps(live, weights + i);
    __m512d a = _mm512_mul_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                              _mm512_cvtps_pd(_mm512_castps512_ps256(w)));
    __m512d b = _mm512_mul_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)),
                              _mm512_cvtps_pd(_mm512_extractf32x8_ps(w, 1)));
    // Square and sum are rounded apart, as in the reference.
    low = _mm512_add_pd(low, _mm512_mul_pd(a, a));
    high = _mm512_add_pd(high, _mm512_mul_pd(b, b));
  }
  return lane_sum(low, high);
}

typedef __m512i integers;
#define PLANE_GROUP 64
#include "planes.h"

/// Each of 64 columns reads the byte of its bit, then that bit.
TARGET INLINE integers gather_integers(const struct plane_rows *rows, size_t byte, size_t count) {
  const __m512i eights = _mm512_set_epi64(0x0707070707070707, 0x0606060606060606,
                                          0x0505050505050505, 0x0404040404040404,
                                          0x0303030303030303, 0x0202020202020202,
                                          0x0101010101010101, 0);
  const __m512i bits = _mm512_set1_epi64(0x0102040810204080);
  __m512i sum = _mm512_setzero_si512();
  for (size_t k = 0; k < count; k++) {
    int64_t eight;
    memcpy(&eight, rows->at[k] + byte, sizeof eight);
    __m512i spread = _mm512_shuffle_epi8(_mm512_set1_epi64(eight), eights);
    __mmask64 set = _mm512_test_epi8_mask(spread, bits);
    sum = _mm512_mask_add_epi8(sum, set, sum,
                               _mm512_set1_epi8((char)(1 << (count - 1 - k))));
  }
  return sum;
}

TARGET INLINE void store_integers(integers values, uint8_t *out) {
  _mm512_storeu_si512(out, values);
}

TARGET INLINE void rebuild_group(integers values, size_t count, float scale, const float *v,
                                 float *out) {
  // N = 2 (B - 2^(count-1)) + 1, exact with or without fusing.
  values = _mm512_sub_epi8(values, _mm512_set1_epi8((char)(1 << (count - 1))));
  __m128i quarters[4] = {_mm512_castsi512_si128(values), _mm512_extracti32x4_epi32(values, 1),
                         _mm512_extracti32x4_epi32(values, 2),
                         _mm512_extracti32x4_epi32(values, 3)};
  for (size_t i = 0; i < 4; i++) {
    __m512 number = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(quarters[i]));
    number = _mm512_fmadd_ps(number, _mm512_set1_ps(2), _mm512_set1_ps(1));
    __m512 magnitude = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(v + 16 * i));
    _mm512_storeu_ps(out + 16 * i, _mm512_mul_ps(magnitude, number));
  }
}

TARGET INLINE void pack_group(const uint8_t *values, unsigned bit, uint8_t *plane) {
  // The first of eight values goes to the highest bit, so eights are mirrored.
  const __m512i mirror = _mm512_set4_epi32(0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607);
  __m512i v = _mm512_shuffle_epi8(_mm512_loadu_si512(values), mirror);
  uint64_t mask = _mm512_test_epi8_mask(v, _mm512_set1_epi8((char)(1 << bit)));
  memcpy(plane, &mask, sizeof mask);
}

/// The kernels of this file, and products with packed weights.
#define KERNELS(named, products) \
  { \
    .name = named, \
    .f16_to_f32 = f16_to_f32, \
    .f32_to_f16 = f32_to_f16, \
    .bf16_to_f32 = bf16_to_f32, \
    .f32_to_bf16 = f32_to_bf16, \
    .split_signs = split_signs, \
    .residual_step = residual_step, \
    .weighted_squares = weighted_squares, \
    .sweep = sweep, \
    .accumulate_levels = accumulate_levels, \
    .feedback_block = feedback_block, \
    .descent_block = descent_block, \
    .rebuild_planes = rebuild_planes, \
    .expand_planes = expand_planes, \
    .pack_plane = pack_plane, \
    .packed = &(products), \
  }

const struct bstk_kernels bstk_kernels_avx512 = KERNELS("avx512", bstk_packed_avx2);
const struct bstk_kernels bstk_kernels_avx512vnni = KERNELS("avx512vnni", bstk_packed_avx512);
#endif
