// Products with packed weights, AVX-512 with VNNI and GFNI.
#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,gfni,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline))
#include "packed_inputs.h"

#define BLOCK_ROWS 2
#define BLOCK_TOKENS 4

/// The columns of a byte, first to last.
#define COLUMN_BITS 0x0102040810204080

#define NAME(name) name##_64
#define ADD_DOT(sums, integers, inputs, count) \
  _mm512_dpbusd_epi32(sums, integers, _mm512_loadu_si512(inputs))
#include "packed_wide.h"

// The same 16 bytes of four rows.
#define NAME(name) name##_4x16
#define ADD_DOT(sums, integers, inputs, count) \
  _mm512_dpbusd_epi32( \
      sums, integers, _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(inputs))))
#include "packed_wide.h"

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
#define TRANSPOSED(v) _mm256_gf2p8affine_epi64_epi8(_mm256_set1_epi64x(COLUMN_BITS), v, 0)
#define FIELD(v, shift, mask) \
  _mm256_and_si256(_mm256_srli_epi16(v, shift), _mm256_set1_epi8(mask))
#define LOAD(from) _mm256_loadu_si256((const __m256i *)(from))
#define STORE(to, v) _mm256_storeu_si256((__m256i *)(to), v)
#define SUMS __m256i
#define NO_SUMS _mm256_setzero_si256
#define ADD_DOT(sums, integers, inputs, count) \
  _mm256_dpbusd_epi32(sums, integers, _mm256_loadu_si256((const __m256i *)(inputs)))
#define TOTAL(sums, count) (sums)
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
#define TRANSPOSED(v) _mm_gf2p8affine_epi64_epi8(_mm_set1_epi64x(COLUMN_BITS), v, 0)
#define FIELD(v, shift, mask) _mm_and_si128(_mm_srli_epi16(v, shift), _mm_set1_epi8(mask))
#define LOAD(from) _mm_loadu_si128((const __m128i *)(from))
#define STORE(to, v) _mm_storeu_si128((__m128i *)(to), v)
#define SUMS __m128i
#define NO_SUMS _mm_setzero_si128
#define ADD_DOT(sums, integers, inputs, count) \
  _mm_dpbusd_epi32(sums, integers, _mm_loadu_si128((const __m128i *)(inputs)))
#define TOTAL(sums, count) (sums)
#include "packed_chunk.h"

typedef __m512 lanes;
#include "packed_rows.h"

TARGET INLINE lanes load_lanes(const float *from) { return _mm512_loadu_ps(from); }

TARGET INLINE lanes fuse(lanes sums, __m512i integers, const float *scales) {
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers), _mm512_loadu_ps(scales), sums);
}

TARGET INLINE lanes fuse_quarter(lanes sums, __m128i integers, const float *scales) {
  return fuse(sums, _mm512_zextsi128_si512(integers), scales);
}

TARGET INLINE lanes add_chunk(lanes sums, const uint8_t *const *at, size_t count,
                              const int8_t *values, const float *scales) {
  __m512i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm512_loadu_si512(at[k]);
  __m512i totals[2];
  chunk_64(rows, count, values, NULL, totals);
  return fuse(fuse(sums, totals[0], scales), totals[1], scales + BSTK_SUM_LANES);
}

TARGET INLINE lanes add_rest(lanes sums, const uint8_t *const *at, size_t count, size_t bytes,
                             size_t readable, const int8_t *values, const float *scales) {
  (void)readable;
  uint64_t live = (1ull << bytes) - 1;
  if (bytes <= 16) {
    __m128i rows[BSTK_MAX_PLANES];
    UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm_maskz_loadu_epi8((__mmask16)live, at[k]);
    __m128i totals[2];
    chunk_16(rows, count, values, NULL, totals);
    return fuse_quarter(fuse_quarter(sums, totals[0], scales), totals[1], scales + BSTK_SUM_LANES);
  }
  if (bytes <= 32) {
    __m256i rows[BSTK_MAX_PLANES];
    UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm256_maskz_loadu_epi8((__mmask32)live, at[k]);
    __m256i totals[2];
    chunk_32(rows, count, values, NULL, totals);
    sums = fuse(sums, _mm512_zextsi256_si512(totals[0]), scales);
    return fuse(sums, _mm512_zextsi256_si512(totals[1]), scales + BSTK_SUM_LANES);
  }
  __m512i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm512_maskz_loadu_epi8(live, at[k]);
  __m512i totals[2];
  chunk_64(rows, count, values, NULL, totals);
  return fuse(fuse(sums, totals[0], scales), totals[1], scales + BSTK_SUM_LANES);
}

TARGET INLINE void add_rests(lanes *sums, const uint8_t *const *planes, size_t count,
                             const size_t *starts, size_t bytes, size_t readable,
                             const int8_t *values, const float *scales) {
  if (bytes <= 16 && readable - starts[ROWS_AT_ONCE - 1] >= 16) {
    // The rests of all four rows in one vector; what follows a row meets inputs of 0.
    __m512i rows[BSTK_MAX_PLANES];
    UNROLLED for (size_t k = 0; k < count; k++) {
      const uint8_t *at = planes[k];
      __m512i row = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(at + starts[0])));
      row = _mm512_inserti32x4(row, _mm_loadu_si128((const __m128i *)(at + starts[1])), 1);
      row = _mm512_inserti32x4(row, _mm_loadu_si128((const __m128i *)(at + starts[2])), 2);
      rows[k] = _mm512_inserti32x4(row, _mm_loadu_si128((const __m128i *)(at + starts[3])), 3);
    }
    __m512i totals[2];
    chunk_4x16(rows, count, values, NULL, totals);
    UNROLLED for (size_t half = 0; half < 2; half++, scales += BSTK_SUM_LANES) {
      sums[0] = fuse_quarter(sums[0], _mm512_castsi512_si128(totals[half]), scales);
      sums[1] = fuse_quarter(sums[1], _mm512_extracti32x4_epi32(totals[half], 1), scales);
      sums[2] = fuse_quarter(sums[2], _mm512_extracti32x4_epi32(totals[half], 2), scales);
      sums[3] = fuse_quarter(sums[3], _mm512_extracti32x4_epi32(totals[half], 3), scales);
    }
    return;
  }
  for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
    const uint8_t *at[BSTK_MAX_PLANES];
    for (size_t k = 0; k < count; k++) at[k] = planes[k] + starts[row];
    sums[row] = add_rest(sums[row], at, count, bytes, readable - starts[row], values, scales);
  }
}

/// The low and the high 8 lanes of each added up, two sums in one vector.
TARGET INLINE __m512 halves(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
}

TARGET INLINE void sum_rows(const lanes *sums, float *out) {
  const __m512i firsts = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  __m512 low = halves(sums[0], sums[1]), high = halves(sums[2], sums[3]);
  __m512 quarters = _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x88),
                                  _mm512_shuffle_f32x4(low, high, 0xdd));
  __m512 pairs = _mm512_add_ps(quarters, _mm512_permute_ps(quarters, 0xb1));
  __m512 totals = _mm512_add_ps(pairs, _mm512_permute_ps(pairs, 0x4e));
  _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_permutexvar_ps(firsts, totals)));
}

TARGET INLINE void unpack_chunk(const uint8_t *const *at, size_t count, size_t bytes,
                                size_t readable, uint8_t *unpacked) {
  (void)readable;
  uint64_t live = bytes < 64 ? (1ull << bytes) - 1 : ~0ull;
  __m512i rows[BSTK_MAX_PLANES];
  UNROLLED for (size_t k = 0; k < count; k++) rows[k] = _mm512_maskz_loadu_epi8(live, at[k]);
  chunk_64(rows, count, NULL, unpacked, NULL);
}

TARGET INLINE void add_block(lanes sums[BLOCK_ROWS][BLOCK_TOKENS], const uint8_t *const *rows,
                             const int8_t *const *values, const float *const *scales, size_t count,
                             size_t bytes) {
  __m512i wide[BLOCK_ROWS][BLOCK_TOKENS];
  __m256i half[BLOCK_ROWS][BLOCK_TOKENS];
  __m128i quarter[BLOCK_ROWS][BLOCK_TOKENS];
  if (bytes > 32)
    block_64(rows, values, count, wide);
  else if (bytes > 16)
    block_32(rows, values, count, half);
  else
    block_16(rows, values, count, quarter);
  UNROLLED for (size_t row = 0; row < BLOCK_ROWS; row++)
    UNROLLED for (size_t token = 0; token < BLOCK_TOKENS; token++) {
      __m512i integers = bytes > 32   ? wide[row][token]
                         : bytes > 16 ? _mm512_zextsi256_si512(half[row][token])
                                      : _mm512_zextsi128_si512(quarter[row][token]);
      sums[row][token] = fuse(sums[row][token], integers, scales[token]);
    }
}

TARGET INLINE lanes fuse_halves(lanes sums, enum bstk_vector_type type, const uint16_t *weights,
                                const float *x, size_t count) {
  __mmask16 live = count >= BSTK_SUM_LANES ? (__mmask16)0xffff : (__mmask16)((1u << count) - 1);
  __m256i stored = _mm256_maskz_loadu_epi16(live, weights);
  __m512 weight = type == BSTK_VECTOR_FP16
                      ? _mm512_cvtph_ps(stored)
                      : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(stored), 16));
  return _mm512_fmadd_ps(weight, _mm512_maskz_loadu_ps(live, x), sums);
}

TARGET INLINE float half_value(uint16_t half) { return _cvtsh_ss(half); }
#include "packed_listed.h"

const struct bstk_packed_kernels bstk_packed_avx512 = BSTK_PACKED_TABLE;
#endif
