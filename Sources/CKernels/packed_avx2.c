// Products with packed weights, AVX2 with FMA.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline))
#include "packed_inputs.h"

#define BLOCK_ROWS 2
#define BLOCK_TOKENS 2

/// Swaps bits `distance` apart where the mask has one, 8 bytes at a time.
#define SWAPPED(prefix, suffix, v, distance, mask)                                              \
  ({                                                                                            \
    __typeof__(v) differ = prefix##_and_##suffix(                                               \
        prefix##_xor_##suffix(v, prefix##_srli_epi64(v, distance)), prefix##_set1_epi64x(mask)); \
    prefix##_xor_##suffix(v,                                                                    \
                          prefix##_xor_##suffix(differ, prefix##_slli_epi64(differ, distance))); \
  })

/// Bit 7 - i of byte c becomes bit 7 - c of byte i: blocks of 1, 2 and 4 bits change places.
#define TURN(prefix, suffix, type)                                     \
  TARGET INLINE type turn_##suffix(type v) {                           \
    v = SWAPPED(prefix, suffix, v, 9, 0x0055005500550055);             \
    v = SWAPPED(prefix, suffix, v, 18, 0x0000333300003333);            \
    return SWAPPED(prefix, suffix, v, 36, 0x000000000f0f0f0f);         \
  }
TURN(_mm256, si256, __m256i)
TURN(_mm, si128, __m128i)

#define NAME(name) name##_32
#define VECTOR __m256i
#define VECTOR_BYTES 32
#define ZERO _mm256_setzero_si256
#define LOW8 _mm256_unpacklo_epi8
#define HIGH8 _mm256_unpackhi_epi8
#define LOW16 _mm256_unpacklo_epi16
#define HIGH16 _mm256_unpackhi_epi16
#define LOW32 _mm256_unpacklo_epi32
#define HIGH32 _mm256_unpackhi_epi32
#define TRANSPOSED turn_si256
#define FIELD(v, shift, mask) \
  _mm256_and_si256(_mm256_srli_epi16(v, shift), _mm256_set1_epi8(mask))
#define LOAD(from) _mm256_loadu_si256((const __m256i *)(from))
#define STORE(to, v) _mm256_storeu_si256((__m256i *)(to), v)
#define SUMS __m256i
#define NO_SUMS _mm256_setzero_si256
#define ADD_DOT add_dot_32
#define TOTAL total_32

/// Sums of two products fit 16 bits up to 7 planes, those of half a chunk up to 5.
TARGET INLINE __m256i add_dot_32(__m256i sums, __m256i integers, const int8_t *inputs,
                                 size_t count) {
  const __m256i ones = _mm256_set1_epi16(1), v = _mm256_loadu_si256((const __m256i *)inputs);
  if (count <= 5) return _mm256_add_epi16(sums, _mm256_maddubs_epi16(integers, v));
  if (count <= 7)
    return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(integers, v), ones));
  __m256i low = _mm256_maddubs_epi16(FIELD(integers, 0, 15), v);
  __m256i high = _mm256_maddubs_epi16(FIELD(integers, 4, 15), v);
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(low, ones));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(high, _mm256_set1_epi16(16)));
}

TARGET INLINE __m256i total_32(__m256i sums, size_t count) {
  return count <= 5 ? _mm256_madd_epi16(sums, _mm256_set1_epi16(1)) : sums;
}
#include "packed_chunk.h"

#define NAME(name) name##_16
#define VECTOR __m128i
#define VECTOR_BYTES 16
#define ZERO _mm_setzero_si128
#define LOW8 _mm_unpacklo_epi8
#define HIGH8 _mm_unpackhi_epi8
#define LOW16 _mm_unpacklo_epi16
#define HIGH16 _mm_unpackhi_epi16
#define LOW32 _mm_unpacklo_epi32
#define HIGH32 _mm_unpackhi_epi32
#define TRANSPOSED turn_si128
#define FIELD(v, shift, mask) _mm_and_si128(_mm_srli_epi16(v, shift), _mm_set1_epi8(mask))
#define LOAD(from) _mm_loadu_si128((const __m128i *)(from))
#define STORE(to, v) _mm_storeu_si128((__m128i *)(to), v)
#define SUMS __m128i
#define NO_SUMS _mm_setzero_si128
#define ADD_DOT add_dot_16
#define TOTAL total_16

TARGET INLINE __m128i add_dot_16(__m128i sums, __m128i integers, const int8_t *inputs,
                                 size_t count) {
  const __m128i ones = _mm_set1_epi16(1), v = _mm_loadu_si128((const __m128i *)inputs);
  if (count <= 5) return _mm_add_epi16(sums, _mm_maddubs_epi16(integers, v));
  if (count <= 7) return _mm_add_epi32(sums, _mm_madd_epi16(_mm_maddubs_epi16(integers, v), ones));
  __m128i low = _mm_maddubs_epi16(FIELD(integers, 0, 15), v);
  __m128i high = _mm_maddubs_epi16(FIELD(integers, 4, 15), v);
  sums = _mm_add_epi32(sums, _mm_madd_epi16(low, ones));
  return _mm_add_epi32(sums, _mm_madd_epi16(high, _mm_set1_epi16(16)));
}

TARGET INLINE __m128i total_16(__m128i sums, size_t count) {
  return count <= 5 ? _mm_madd_epi16(sums, _mm_set1_epi16(1)) : sums;
}
#include "packed_chunk.h"

typedef struct {
  __m256 low, high;
} lanes;
#include "packed_rows.h"

TARGET INLINE lanes load_lanes(const float *from) {
  return (lanes){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

TARGET INLINE __m256 fuse(__m256 sums, __m256i integers, const float *scales) {
  return _mm256_fmadd_ps(_mm256_cvtepi32_ps(integers), _mm256_loadu_ps(scales), sums);
}

/// Half the lanes of a chunk, from byte 0 or 32 of its rows on.
TARGET INLINE __m256 half_chunk(__m256 sums, const uint8_t *const *at, size_t count, size_t byte,
                                const int8_t *values, const float *scales) {
  __m256i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++)
    rows[k] = _mm256_loadu_si256((const __m256i *)(at[k] + byte));
  __m256i totals[2];
  chunk_32(rows, count, values + byte, NULL, totals);
  scales += byte / 4;
  return fuse(fuse(sums, totals[0], scales), totals[1], scales + BSTK_SUM_LANES);
}

TARGET INLINE lanes add_chunk(lanes sums, const uint8_t *const *at, size_t count,
                              const int8_t *values, const float *scales) {
  sums.low = half_chunk(sums.low, at, count, 0, values, scales);
  sums.high = half_chunk(sums.high, at, count, 32, values, scales);
  return sums;
}

struct rests {
  uint8_t bytes[BSTK_MAX_PLANES][BSTK_CHUNK_BYTES];
};

/// What follows a row meets inputs of 0; behind the last row nothing may be read.
static inline void point_at_rests(struct rests *rests, const uint8_t *const *at, size_t count,
                                  size_t bytes, size_t touched, size_t readable,
                                  const uint8_t **from) {
  for (size_t k = 0; k < count; k++) {
    from[k] = at[k];
    if (touched <= readable) continue;
    memset(rests->bytes[k], 0, touched);
    memcpy(rests->bytes[k], at[k], bytes);
    from[k] = rests->bytes[k];
  }
}

TARGET INLINE lanes add_rest(lanes sums, const uint8_t *const *at, size_t count, size_t bytes,
                             size_t readable, const int8_t *values, const float *scales) {
  struct rests rests;
  const uint8_t *from[BSTK_MAX_PLANES];
  point_at_rests(&rests, at, count, bytes, bytes <= 16 ? 16 : bytes <= 32 ? 32 : 64, readable,
                 from);
  if (bytes > 32) return add_chunk(sums, from, count, values, scales);
  if (bytes > 16) {
    sums.low = half_chunk(sums.low, from, count, 0, values, scales);
    return sums;
  }
  __m128i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm_loadu_si128((const __m128i *)from[k]);
  __m128i totals[2];
  chunk_16(rows, count, values, NULL, totals);
  sums.low = fuse(sums.low, _mm256_zextsi128_si256(totals[0]), scales);
  sums.low = fuse(sums.low, _mm256_zextsi128_si256(totals[1]), scales + BSTK_SUM_LANES);
  return sums;
}

TARGET INLINE void add_rests(lanes *sums, const uint8_t *const *planes, size_t count,
                             const size_t *starts, size_t bytes, size_t readable,
                             const int8_t *values, const float *scales) {
  for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
    const uint8_t *at[BSTK_MAX_PLANES];
    for (size_t k = 0; k < count; k++) at[k] = planes[k] + starts[row];
    sums[row] = add_rest(sums[row], at, count, bytes, readable - starts[row], values, scales);
  }
}

TARGET INLINE void sum_rows(const lanes *sums, float *out) {
  __m128 quarters[ROWS_AT_ONCE];
  for (int row = 0; row < ROWS_AT_ONCE; row++) {
    __m256 half = _mm256_add_ps(sums[row].low, sums[row].high);
    quarters[row] = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  }
  __m128 low = _mm_hadd_ps(quarters[0], quarters[1]), high = _mm_hadd_ps(quarters[2], quarters[3]);
  _mm_storeu_ps(out, _mm_hadd_ps(low, high));
}

TARGET INLINE void unpack_half(const uint8_t *const *at, size_t count, size_t byte,
                               uint8_t *unpacked) {
  __m256i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++)
    rows[k] = _mm256_loadu_si256((const __m256i *)(at[k] + byte));
  chunk_32(rows, count, NULL, unpacked + byte, NULL);
}

TARGET INLINE void unpack_chunk(const uint8_t *const *at, size_t count, size_t bytes,
                                size_t readable, uint8_t *unpacked) {
  struct rests rests;
  const uint8_t *from[BSTK_MAX_PLANES];
  point_at_rests(&rests, at, count, bytes, bytes <= 32 ? 32 : 64, readable, from);
  unpack_half(from, count, 0, unpacked);
  if (bytes > 32) unpack_half(from, count, 32, unpacked);
}

TARGET INLINE void add_block(lanes sums[BLOCK_ROWS][BLOCK_TOKENS], const uint8_t *const *rows,
                             const int8_t *const *values, const float *const *scales, size_t count,
                             size_t bytes) {
  const uint8_t *high_rows[BLOCK_ROWS];
  const int8_t *high_values[BLOCK_TOKENS];
  __m256i low[BLOCK_ROWS][BLOCK_TOKENS], high[BLOCK_ROWS][BLOCK_TOKENS];
  __m128i quarter[BLOCK_ROWS][BLOCK_TOKENS];
  UNROLLED for (size_t row = 0; row < BLOCK_ROWS; row++) high_rows[row] = rows[row] + 32;
  UNROLLED for (size_t token = 0; token < BLOCK_TOKENS; token++) high_values[token] = values[token] + 32;
  if (bytes > 16)
    block_32(rows, values, count, low);
  else
    block_16(rows, values, count, quarter);
  if (bytes > 32) block_32(high_rows, high_values, count, high);
  UNROLLED for (size_t row = 0; row < BLOCK_ROWS; row++)
    UNROLLED for (size_t token = 0; token < BLOCK_TOKENS; token++) {
      lanes *sum = &sums[row][token];
      __m256i first =
          bytes > 16 ? low[row][token] : _mm256_zextsi128_si256(quarter[row][token]);
      sum->low = fuse(sum->low, first, scales[token]);
      if (bytes > 32) sum->high = fuse(sum->high, high[row][token], scales[token] + 8);
    }
}

TARGET INLINE __m256 widened(enum bstk_vector_type type, const uint16_t *weights) {
  __m128i stored = _mm_loadu_si128((const __m128i *)weights);
  if (type == BSTK_VECTOR_FP16) return _mm256_cvtph_ps(stored);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(stored), 16));
}

TARGET INLINE lanes fuse_halves(lanes sums, enum bstk_vector_type type, const uint16_t *weights,
                                const float *x, size_t count) {
  uint16_t weight_rest[BSTK_SUM_LANES] = {0};
  float x_rest[BSTK_SUM_LANES] = {0};
  if (count < BSTK_SUM_LANES) {
    weights = memcpy(weight_rest, weights, count * sizeof *weights);
    x = memcpy(x_rest, x, count * sizeof *x);
  }
  sums.low = _mm256_fmadd_ps(widened(type, weights), _mm256_loadu_ps(x), sums.low);
  sums.high = _mm256_fmadd_ps(widened(type, weights + 8), _mm256_loadu_ps(x + 8), sums.high);
  return sums;
}

TARGET INLINE float half_value(uint16_t half) { return _cvtsh_ss(half); }
#include "packed_listed.h"

const struct bstk_packed_kernels bstk_packed_avx2 = BSTK_PACKED_TABLE;
#endif
