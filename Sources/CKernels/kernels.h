// The table of kernels one instruction set provides; private to this target.
#pragma once
#include "bstk_kernels.h"
#include "packed.h"

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE binary32 and binary64 expected");

/// Sums of squares run over this many lanes, whatever the vector width.
enum { BSTK_LANES = 16 };

struct bstk_kernels {
  const char *name;
  void (*f16_to_f32)(const uint16_t *in, float *out, size_t count);
  void (*f32_to_f16)(const float *in, uint16_t *out, size_t count);
  void (*bf16_to_f32)(const uint16_t *in, float *out, size_t count);
  void (*f32_to_bf16)(const float *in, uint16_t *out, size_t count);
  double (*split_signs)(float *values, uint8_t *signs, size_t count);
  double (*residual_step)(float *absolute, uint8_t *signs, const float *magnitude, size_t count);
  double (*weighted_squares)(const float *values, const float *weights, size_t count);
  void (*sweep)(const float *a, size_t lda, size_t rows, size_t columns, const float *x, float *y,
                float *z, size_t width);
  void (*accumulate_levels)(float *out, size_t first_row, size_t rows, size_t columns,
                            const struct bstk_level *levels, size_t count, int subtract,
                            float *scratch);
  void (*feedback_block)(const struct bstk_feedback *state, float *targets, float *errors,
                         uint8_t *codes);
  void (*descent_block)(const struct bstk_feedback *state, const float *gram, float *gradients,
                        float *errors, float *changes, uint8_t *codes);
  void (*rebuild_planes)(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                         const float *scales, const float *v, float *out);
  void (*expand_planes)(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        uint8_t *values);
  void (*pack_plane)(const uint8_t *values, size_t count, unsigned bit, uint8_t *plane);
  const struct bstk_packed_kernels *packed;
};

extern const struct bstk_kernels bstk_kernels_scalar;
#if defined(__x86_64__)
extern const struct bstk_kernels bstk_kernels_avx2;
extern const struct bstk_kernels bstk_kernels_avx512;
extern const struct bstk_kernels bstk_kernels_avx512vnni;
#elif defined(__aarch64__)
extern const struct bstk_kernels bstk_kernels_neon;
#endif

/// The lanes of a sum, added in the one order all levels share.
static inline double bstk_lane_sum(const double lanes[BSTK_LANES]) {
  double half[8], quarter[4];
  for (int i = 0; i < 8; i++) half[i] = lanes[i] + lanes[i + 8];
  for (int i = 0; i < 4; i++) quarter[i] = half[i] + half[i + 4];
  return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}
