// Products with packed weights, NEON; products of bytes need nothing beyond the base of AArch64.
#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#define INLINE static inline __attribute__((always_inline))
#include "packed_inputs.h"

#define BLOCK_ROWS 2
#define BLOCK_TOKENS 2

/// Swaps bits `distance` apart where the mask has one, 8 bytes at a time.
#define SWAPPED(v, distance, mask)                                                           \
  ({                                                                                         \
    uint64x2_t differ = vandq_u64(veorq_u64(v, vshrq_n_u64(v, distance)), vdupq_n_u64(mask)); \
    veorq_u64(v, veorq_u64(differ, vshlq_n_u64(differ, distance)));                          \
  })

/// Bit 7 - i of byte c becomes bit 7 - c of byte i: blocks of 1, 2 and 4 bits change places.
INLINE uint8x16_t turn(uint8x16_t bits) {
  uint64x2_t v = vreinterpretq_u64_u8(bits);
  v = SWAPPED(v, 9, 0x0055005500550055);
  v = SWAPPED(v, 18, 0x0000333300003333);
  return vreinterpretq_u8_u64(SWAPPED(v, 36, 0x000000000f0f0f0f));
}

#define ZIP(zip, as8, as, a, b) as8(zip(as(a), as(b)))
#define NAME(name) name##_16
#define VECTOR uint8x16_t
#define VECTOR_BYTES 16
#define ZERO() vdupq_n_u8(0)
#define LOW8 vzip1q_u8
#define HIGH8 vzip2q_u8
#define LOW16(a, b) ZIP(vzip1q_u16, vreinterpretq_u8_u16, vreinterpretq_u16_u8, a, b)
#define HIGH16(a, b) ZIP(vzip2q_u16, vreinterpretq_u8_u16, vreinterpretq_u16_u8, a, b)
#define LOW32(a, b) ZIP(vzip1q_u32, vreinterpretq_u8_u32, vreinterpretq_u32_u8, a, b)
#define HIGH32(a, b) ZIP(vzip2q_u32, vreinterpretq_u8_u32, vreinterpretq_u32_u8, a, b)
#define TRANSPOSED turn
// A shift of 0 bits has no instruction; one by a vector has.
#define FIELD(v, shift, mask) \
  vandq_u8(vshlq_u8(v, vdupq_n_s8((int8_t) - (shift))), vdupq_n_u8((uint8_t)(mask)))
#define LOAD(from) vld1q_u8(from)
#define STORE(to, v) vst1q_u8(to, v)
#define SUMS int32x4_t
#define NO_SUMS() vdupq_n_s32(0)
#define ADD_DOT add_dot
#define TOTAL(sums, count) vreinterpretq_u8_s32(sums)

/// Adds the products of four neighbours each, of integers below 128.
INLINE int32x4_t add_small(int32x4_t sums, int8x16_t integers, int8x16_t v) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sums, integers, v);
#else
  int16x8_t low = vmull_s8(vget_low_s8(integers), vget_low_s8(v));
  int16x8_t high = vmull_s8(vget_high_s8(integers), vget_high_s8(v));
  // Sums of two reach 2 * 127 * 127.
  return vpadalq_s16(sums, vpaddq_s16(low, high));
#endif
}

INLINE int32x4_t add_dot(int32x4_t sums, uint8x16_t integers, const int8_t *inputs, size_t count) {
  const int8x16_t v = vld1q_s8(inputs);
  if (count <= 7) return add_small(sums, vreinterpretq_s8_u8(integers), v);
  int32x4_t high = add_small(vdupq_n_s32(0), vreinterpretq_s8_u8(FIELD(integers, 4, 15)), v);
  sums = add_small(sums, vreinterpretq_s8_u8(FIELD(integers, 0, 15)), v);
  return vaddq_s32(sums, vshlq_n_s32(high, 4));
}
#include "packed_chunk.h"

typedef float32x4x4_t lanes;
#include "packed_rows.h"

INLINE lanes load_lanes(const float *from) {
  lanes sums;
  for (size_t i = 0; i < 4; i++) sums.val[i] = vld1q_f32(from + 4 * i);
  return sums;
}

INLINE float32x4_t fuse(float32x4_t sums, uint8x16_t integers, const float *scales) {
  return vfmaq_f32(sums, vcvtq_f32_s32(vreinterpretq_s32_u8(integers)), vld1q_f32(scales));
}

INLINE float32x4_t fuse_part(float32x4_t sums, const uint8x16_t *rows, size_t count,
                             const int8_t *values, const float *scales) {
  uint8x16_t totals[2];
  chunk_16(rows, count, values, NULL, totals);
  return fuse(fuse(sums, totals[0], scales), totals[1], scales + BSTK_SUM_LANES);
}

/// The part of a row from `byte` of a chunk on; of its 16 bytes `bytes` are there.
INLINE void load_part(const uint8_t *const *at, size_t count, size_t byte, size_t bytes,
                      size_t readable, uint8x16_t *rows) {
  for (size_t k = 0; k < count; k++) {
    if (byte + 16 <= readable) {
      // What follows a row meets inputs of 0.
      rows[k] = vld1q_u8(at[k] + byte);
    } else {
      uint8_t rest[16] = {0};
      memcpy(rest, at[k] + byte, bytes);
      rows[k] = vld1q_u8(rest);
    }
  }
}

INLINE lanes add_chunk(lanes sums, const uint8_t *const *at, size_t count, const int8_t *values,
                       const float *scales) {
  UNROLLED for (size_t part = 0; part < 4; part++) {
    uint8x16_t rows[BSTK_MAX_PLANES];
    UNROLLED for (size_t k = 0; k < count; k++) rows[k] = vld1q_u8(at[k] + 16 * part);
    sums.val[part] = fuse_part(sums.val[part], rows, count, values + 16 * part, scales + 4 * part);
  }
  return sums;
}

INLINE lanes add_rest(lanes sums, const uint8_t *const *at, size_t count, size_t bytes,
                      size_t readable, const int8_t *values, const float *scales) {
  for (size_t part = 0; 16 * part < bytes; part++) {
    uint8x16_t rows[BSTK_MAX_PLANES];
    size_t left = bytes - 16 * part;
    load_part(at, count, 16 * part, left < 16 ? left : 16, readable, rows);
    sums.val[part] = fuse_part(sums.val[part], rows, count, values + 16 * part, scales + 4 * part);
  }
  return sums;
}

INLINE void add_rests(lanes *sums, const uint8_t *const *planes, size_t count, const size_t *starts,
                      size_t bytes, size_t readable, const int8_t *values, const float *scales) {
  for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
    const uint8_t *at[BSTK_MAX_PLANES];
    for (size_t k = 0; k < count; k++) at[k] = planes[k] + starts[row];
    sums[row] = add_rest(sums[row], at, count, bytes, readable - starts[row], values, scales);
  }
}

INLINE void sum_rows(const lanes *sums, float *out) {
  float32x4_t quarters[ROWS_AT_ONCE];
  for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
    const float32x4_t *part = sums[row].val;
    quarters[row] = vaddq_f32(vaddq_f32(part[0], part[2]), vaddq_f32(part[1], part[3]));
  }
  float32x4_t low = vpaddq_f32(quarters[0], quarters[1]);
  vst1q_f32(out, vpaddq_f32(low, vpaddq_f32(quarters[2], quarters[3])));
}

INLINE void unpack_chunk(const uint8_t *const *at, size_t count, size_t bytes, size_t readable,
                         uint8_t *unpacked) {
  for (size_t part = 0; 16 * part < bytes; part++) {
    uint8x16_t rows[BSTK_MAX_PLANES];
    size_t left = bytes - 16 * part;
    load_part(at, count, 16 * part, left < 16 ? left : 16, readable, rows);
    chunk_16(rows, count, NULL, unpacked + 16 * part, NULL);
  }
}

INLINE void add_block(lanes sums[BLOCK_ROWS][BLOCK_TOKENS], const uint8_t *const *rows,
                      const int8_t *const *values, const float *const *scales, size_t count,
                      size_t bytes) {
  for (size_t part = 0; 16 * part < bytes; part++) {
    const uint8_t *at[BLOCK_ROWS];
    const int8_t *inputs[BLOCK_TOKENS];
    uint8x16_t integers[BLOCK_ROWS][BLOCK_TOKENS];
    UNROLLED for (size_t row = 0; row < BLOCK_ROWS; row++) at[row] = rows[row] + 16 * part;
    UNROLLED for (size_t token = 0; token < BLOCK_TOKENS; token++) inputs[token] = values[token] + 16 * part;
    block_16(at, inputs, count, integers);
    UNROLLED for (size_t row = 0; row < BLOCK_ROWS; row++)
      UNROLLED for (size_t token = 0; token < BLOCK_TOKENS; token++)
        sums[row][token].val[part] = fuse(sums[row][token].val[part], integers[row][token],
                                          scales[token] + 4 * part);
  }
}

INLINE lanes fuse_halves(lanes sums, enum bstk_vector_type type, const uint16_t *weights,
                         const float *x, size_t count) {
  uint16_t weight_rest[BSTK_SUM_LANES] = {0};
  float x_rest[BSTK_SUM_LANES] = {0};
  if (count < BSTK_SUM_LANES) {
    weights = memcpy(weight_rest, weights, count * sizeof *weights);
    x = memcpy(x_rest, x, count * sizeof *x);
  }
  for (size_t i = 0; i < 4; i++) {
    uint16x4_t stored = vld1_u16(weights + 4 * i);
    float32x4_t weight = type == BSTK_VECTOR_FP16
                             ? vcvt_f32_f16(vreinterpret_f16_u16(stored))
                             : vreinterpretq_f32_u32(vshll_n_u16(stored, 16));
    sums.val[i] = vfmaq_f32(sums.val[i], weight, vld1q_f32(x + 4 * i));
  }
  return sums;
}

INLINE float half_value(uint16_t half) {
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}
#include "packed_listed.h"

const struct bstk_packed_kernels bstk_packed_neon = BSTK_PACKED_TABLE;
#endif
