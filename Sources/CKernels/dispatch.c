// Chooses the kernels once, by hand: loader-resolved clones crash under the thread sanitizer.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static _Atomic(const struct bstk_kernels *) chosen;

/// The named set, or the best one for a null name; null when this processor cannot run it.
static const struct bstk_kernels *find(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("f16c");
  int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  int vnni = avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("gfni");
  if (vnni && (!name || !strcmp(name, "avx512vnni"))) return &bstk_kernels_avx512vnni;
  if (avx512 && (!name || !strcmp(name, "avx512"))) return &bstk_kernels_avx512;
  if (avx2 && (!name || !strcmp(name, "avx2"))) return &bstk_kernels_avx2;
#elif defined(__aarch64__)
  // Every processor of this architecture has it.
  if (!name || !strcmp(name, "neon")) return &bstk_kernels_neon;
#endif
  if (!name || !strcmp(name, "scalar")) return &bstk_kernels_scalar;
  return NULL;
}

static const struct bstk_kernels *current(void) {
  const struct bstk_kernels *kernels = atomic_load_explicit(&chosen, memory_order_acquire);
  if (kernels) return kernels;
  const char *wanted = getenv("BSTK_KERNELS");
  kernels = wanted ? find(wanted) : NULL;
  if (!kernels) kernels = find(NULL);
  atomic_store_explicit(&chosen, kernels, memory_order_release);
  return kernels;
}

const char *bstk_kernels_name(void) { return current()->name; }

int bstk_kernels_select(const char *name) {
  const struct bstk_kernels *kernels = find(name);
  if (!kernels) return 0;
  atomic_store_explicit(&chosen, kernels, memory_order_release);
  return 1;
}

void bstk_f16_to_f32(const uint16_t *in, float *out, size_t count) {
  current()->f16_to_f32(in, out, count);
}

void bstk_f32_to_f16(const float *in, uint16_t *out, size_t count) {
  current()->f32_to_f16(in, out, count);
}

void bstk_bf16_to_f32(const uint16_t *in, float *out, size_t count) {
  current()->bf16_to_f32(in, out, count);
}

void bstk_f32_to_bf16(const float *in, uint16_t *out, size_t count) {
  current()->f32_to_bf16(in, out, count);
}

double bstk_split_signs(float *values, uint8_t *signs, size_t count) {
  return current()->split_signs(values, signs, count);
}

double bstk_residual_step(float *absolute, uint8_t *signs, const float *magnitude,
                          size_t count) {
  return current()->residual_step(absolute, signs, magnitude, count);
}

double bstk_weighted_squares(const float *values, const float *weights, size_t count) {
  return current()->weighted_squares(values, weights, count);
}

void bstk_sweep(const float *a, size_t lda, size_t rows, size_t columns, const float *x, float *y,
                float *z, size_t width) {
  current()->sweep(a, lda, rows, columns, x, y, z, width);
}

void bstk_accumulate_levels(float *out, size_t first_row, size_t rows, size_t columns,
                            const struct bstk_level *levels, size_t count, int subtract,
                            float *scratch) {
  current()->accumulate_levels(out, first_row, rows, columns, levels, count, subtract, scratch);
}

void bstk_feedback_block(const struct bstk_feedback *state, float *targets, float *errors,
                         uint8_t *codes) {
  current()->feedback_block(state, targets, errors, codes);
}

void bstk_descent_block(const struct bstk_feedback *state, const float *gram, float *gradients,
                        float *errors, float *changes, uint8_t *codes) {
  current()->descent_block(state, gram, gradients, errors, changes, codes);
}

void bstk_rebuild_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                         const float *scales, const float *v, float *out) {
  current()->rebuild_planes(planes, count, rows, columns, scales, v, out);
}

void bstk_expand_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        uint8_t *values) {
  current()->expand_planes(planes, count, rows, columns, values);
}

void bstk_pack_plane(const uint8_t *values, size_t count, unsigned bit, uint8_t *plane) {
  current()->pack_plane(values, count, bit, plane);
}

void bstk_round_inputs(const float *inputs, size_t columns, size_t planes,
                       struct bstk_inputs *rounded) {
  current()->packed->round_inputs(inputs, columns, planes, rounded);
}

void bstk_multiply_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                          size_t readable, const struct bstk_inputs *inputs, const float *scales,
                          int adding, float *y) {
  current()->packed->multiply_planes(planes, count, rows, columns, readable, inputs, scales, adding,
                                     y);
}

void bstk_scale_values(const float *values, double factor, const float *times, size_t count,
                       float *out) {
  current()->packed->scale_values(values, factor, times, count, out);
}

void bstk_unpack_planes(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        size_t readable, uint8_t *unpacked) {
  current()->packed->unpack_planes(planes, count, rows, columns, readable, unpacked);
}

void bstk_multiply_unpacked(const uint8_t *unpacked, size_t count, size_t rows, size_t columns,
                            const struct bstk_inputs *inputs, size_t tokens, const float *scales,
                            float *y, size_t stride) {
  current()->packed->multiply_unpacked(unpacked, count, rows, columns, inputs, tokens, scales, y,
                                       stride);
}

void bstk_multiply_halves(enum bstk_vector_type type, const uint16_t *weights, size_t rows,
                          size_t columns, const float *x, float *y) {
  current()->packed->multiply_halves(type, weights, rows, columns, x, y);
}

void bstk_add_listed(const uint32_t *positions, const uint16_t *excess, size_t count,
                     size_t first_row, size_t rows, size_t columns, const float *inputs,
                     const float *u, double factor, float *y) {
  current()->packed->add_listed(positions, excess, count, first_row, rows, columns, inputs, u,
                                factor, y);
}

void bstk_add_listed_tokens(const uint32_t *positions, const uint16_t *excess, size_t count,
                            size_t first_row, size_t rows, size_t columns, const float *by_column,
                            const float *u, double factor, float *y, size_t tokens, size_t stride) {
  current()->packed->add_listed_tokens(positions, excess, count, first_row, rows, columns, by_column,
                                       u, factor, y, tokens, stride);
}
