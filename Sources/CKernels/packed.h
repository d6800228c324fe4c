// What one instruction set provides for products with packed weights; private to this target.
#pragma once
#include "bstk_kernels.h"
#include "bstk_packed.h"

struct bstk_packed_kernels {
  void (*scale_values)(const float *values, double factor, const float *times, size_t count,
                       float *out);
  void (*round_inputs)(const float *inputs, size_t columns, size_t planes,
                       struct bstk_inputs *rounded);
  void (*multiply_planes)(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                          size_t readable, const struct bstk_inputs *inputs, const float *scales,
                          int adding, float *y);
  void (*unpack_planes)(const uint8_t *const *planes, size_t count, size_t rows, size_t columns,
                        size_t readable, uint8_t *unpacked);
  void (*multiply_unpacked)(const uint8_t *unpacked, size_t count, size_t rows, size_t columns,
                            const struct bstk_inputs *inputs, size_t tokens, const float *scales,
                            float *y, size_t stride);
  void (*multiply_halves)(enum bstk_vector_type type, const uint16_t *weights, size_t rows,
                          size_t columns, const float *x, float *y);
  void (*add_listed)(const uint32_t *positions, const uint16_t *excess, size_t count,
                     size_t first_row, size_t rows, size_t columns, const float *inputs,
                     const float *u, double factor, float *y);
  void (*add_listed_tokens)(const uint32_t *positions, const uint16_t *excess, size_t count,
                            size_t first_row, size_t rows, size_t columns, const float *by_column,
                            const float *u, double factor, float *y, size_t tokens, size_t stride);
};

/// The table of a file that has a function for each field, of the field's name.
#define BSTK_PACKED_TABLE                                                            \
  {.scale_values = scale_values,                                                     \
   .round_inputs = round_inputs,                                                     \
   .multiply_planes = multiply_planes,                                               \
   .unpack_planes = unpack_planes,                                                   \
   .multiply_unpacked = multiply_unpacked,                                           \
   .multiply_halves = multiply_halves,                                               \
   .add_listed = add_listed,                                                         \
   .add_listed_tokens = add_listed_tokens}

extern const struct bstk_packed_kernels bstk_packed_scalar;
#if defined(__x86_64__)
extern const struct bstk_packed_kernels bstk_packed_avx2;
extern const struct bstk_packed_kernels bstk_packed_avx512;
#elif defined(__aarch64__)
extern const struct bstk_packed_kernels bstk_packed_neon;
#endif

// How a chunk of inputs is laid out. Kernels interleave the planes in 16-byte lanes, so that a group of
// 8 bytes holds the bits of `fields` neighbouring bytes of a row (8 columns each), and turn each group
// by a transposition into 8 bytes of `fields` integers. Per chunk that makes 8 steps of 64 columns: in
// each, one integer of every byte is multiplied with one input.
enum {
  BSTK_CHUNK_BYTES = BSTK_CHUNK_COLUMNS / 8,
  /// Steps of a half chunk, whose inputs have scales of their own, and columns of each.
  BSTK_HALF_STEPS = 4,
  BSTK_STEP_COLUMNS = 64,
  BSTK_HALF_COLUMNS = BSTK_HALF_STEPS * BSTK_STEP_COLUMNS,
};

/// Bits of one integer in a group: 1, 2, 4 or 8.
static inline size_t bstk_slots(size_t planes) {
  return planes <= 2 ? planes : planes <= 4 ? 4 : 8;
}

/// Where the first column of byte `byte` of a chunk's row goes; the other seven follow.
static inline size_t bstk_place(size_t byte, size_t slots) {
  size_t fields = 8 / slots, lane = byte / 16, rest = byte % 16;
  size_t step = rest / (2 * fields) * fields + rest % fields, group = rest / fields % 2;
  return step * BSTK_STEP_COLUMNS + lane * 16 + group * 8;
}

/// The lanes of a sum, added in the one order all levels share.
static inline float bstk_sum_lanes(const float lanes[BSTK_SUM_LANES]) {
  float half[8], quarter[4];
  for (int i = 0; i < 8; i++) half[i] = lanes[i] + lanes[i + 8];
  for (int i = 0; i < 4; i++) quarter[i] = half[i] + half[i + 4];
  return (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
}
