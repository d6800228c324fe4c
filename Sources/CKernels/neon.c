// NEON bodies for the planes, in groups of 16 columns; the compiler vectorises the rest as it is.
#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#define STRIP 4
#define BLOCK 1
#include "products.h"
#include "feedback.h"

typedef uint8x16_t integers;
#define PLANE_GROUP 16
#include "planes.h"

TARGET INLINE integers gather_integers(const struct plane_rows *rows, size_t byte, size_t count) {
  const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x0102040810204080));
  uint8x16_t sum = vdupq_n_u8(0);
  for (size_t k = 0; k < count; k++) {
    const uint8_t *two = rows->at[k] + byte;
    uint8x16_t set = vtstq_u8(vcombine_u8(vdup_n_u8(two[0]), vdup_n_u8(two[1])), bits);
    // A set bit is -1 here.
    sum = vsubq_u8(vaddq_u8(sum, sum), set);
  }
  return sum;
}

TARGET INLINE void store_integers(integers values, uint8_t *out) { vst1q_u8(out, values); }

TARGET INLINE void rebuild_group(integers values, size_t count, float scale, const float *v,
                                 float *out) {
  // N = 2 (B - 2^(count-1)) + 1, exact with or without fusing.
  int8x16_t centred = vreinterpretq_s8_u8(vsubq_u8(values, vdupq_n_u8((uint8_t)(1 << (count - 1)))));
  int16x8_t halves[2] = {vmovl_s8(vget_low_s8(centred)), vmovl_s8(vget_high_s8(centred))};
  for (size_t i = 0; i < 4; i++) {
    int16x4_t four = i % 2 ? vget_high_s16(halves[i / 2]) : vget_low_s16(halves[i / 2]);
    float32x4_t number = vcvtq_f32_s32(vmovl_s16(four));
    number = vfmaq_f32(vdupq_n_f32(1), number, vdupq_n_f32(2));
    float32x4_t magnitude = vmulq_n_f32(vld1q_f32(v + 4 * i), scale);
    vst1q_f32(out + 4 * i, vmulq_f32(magnitude, number));
  }
}

TARGET INLINE void pack_group(const uint8_t *values, unsigned bit, uint8_t *plane) {
  const uint8x16_t weights = vreinterpretq_u8_u64(vdupq_n_u64(0x0102040810204080));
  uint8x16_t set = vtstq_u8(vld1q_u8(values), vdupq_n_u8((uint8_t)(1 << bit)));
  uint8x16_t weighted = vandq_u8(set, weights);
  plane[0] = vaddv_u8(vget_low_u8(weighted));
  plane[1] = vaddv_u8(vget_high_u8(weighted));
}

static void f16_to_f32(const uint16_t *in, float *out, size_t count) {
  bstk_kernels_scalar.f16_to_f32(in, out, count);
}

static void f32_to_f16(const float *in, uint16_t *out, size_t count) {
  bstk_kernels_scalar.f32_to_f16(in, out, count);
}

static void bf16_to_f32(const uint16_t *in, float *out, size_t count) {
  bstk_kernels_scalar.bf16_to_f32(in, out, count);
}

static void f32_to_bf16(const float *in, uint16_t *out, size_t count) {
  bstk_kernels_scalar.f32_to_bf16(in, out, count);
}

static double split_signs(float *values, uint8_t *signs, size_t count) {
  return bstk_kernels_scalar.split_signs(values, signs, count);
}

static double residual_step(float *absolute, uint8_t *signs, const float *magnitude,
                            size_t count) {
  return bstk_kernels_scalar.residual_step(absolute, signs, magnitude, count);
}

static double weighted_squares(const float *values, const float *weights, size_t count) {
  return bstk_kernels_scalar.weighted_squares(values, weights, count);
}

const struct bstk_kernels bstk_kernels_neon = {
    .name = "neon",
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
    .packed = &bstk_packed_neon,
};
#endif
