// Rounding the inputs of a product, in portable code. Included once per instruction set, which defines
// TARGET, the function attribute.
#include <string.h>

#include "packed.h"

// Every product and every sum rounds by itself, as where there is no fused instruction.
#pragma STDC FP_CONTRACT OFF

/// Adding and taking off 1.5 * 2^23 rounds to the nearest integer, ties to even, found in the low bits.
static const float ROUNDER = 0x1.8p23f;

TARGET static void scale_values(const float *values, double factor, const float *times,
                                size_t count, float *out) {
  if (!times)
    for (size_t i = 0; i < count; i++) out[i] = (float)(values[i] * factor);
  else
    for (size_t i = 0; i < count; i++) out[i] = (float)(values[i] * factor) * times[i];
}

/// The inputs of one chunk in the order of its steps; `slots` is a constant after inlining.
TARGET static inline __attribute__((always_inline)) void arrange_slots(
    const float *inputs, size_t columns, size_t slots, float *arranged) {
  if (columns < BSTK_CHUNK_COLUMNS)
    memset(arranged, 0, BSTK_CHUNK_COLUMNS * sizeof *arranged);
  for (size_t byte = 0; 8 * byte < columns; byte++) {
    size_t left = columns - 8 * byte;
    memcpy(arranged + bstk_place(byte, slots), inputs + 8 * byte,
           (left < 8 ? left : 8) * sizeof *inputs);
  }
}

TARGET static void arrange(const float *inputs, size_t columns, size_t slots, float *arranged) {
  switch (slots) {
    case 1: arrange_slots(inputs, columns, 1, arranged); break;
    case 2: arrange_slots(inputs, columns, 2, arranged); break;
    case 4: arrange_slots(inputs, columns, 4, arranged); break;
    case 8: arrange_slots(inputs, columns, 8, arranged); break;
  }
}

/// Rounds half a chunk and adds the sum of its rounded inputs to each lane.
TARGET static void round_half(const float *arranged, int8_t *values, float *scales, float *sums) {
  float peaks[BSTK_STEP_COLUMNS] = {0}, factors[BSTK_STEP_COLUMNS];
  float ups[BSTK_STEP_COLUMNS];
  int32_t totals[BSTK_STEP_COLUMNS] = {0};
  // Infinities and NaNs leave a sum that is no number.
  float strays[BSTK_STEP_COLUMNS] = {0};
  for (size_t step = 0; step < BSTK_HALF_STEPS; step++)
    for (size_t i = 0; i < BSTK_STEP_COLUMNS; i++) {
      float value = arranged[step * BSTK_STEP_COLUMNS + i];
      float size = __builtin_fabsf(value);
      peaks[i] = size > peaks[i] ? size : peaks[i];
      strays[i] += value * 0;
    }
  for (size_t lane = 0; lane < BSTK_SUM_LANES; lane++) {
    float *peak = peaks + 4 * lane, *stray = strays + 4 * lane;
    float low = peak[0] > peak[1] ? peak[0] : peak[1], high = peak[2] > peak[3] ? peak[2] : peak[3];
    float most = low > high ? low : high;
    float no_number = (stray[0] + stray[1]) + (stray[2] + stray[3]);
    scales[lane] = most / 127 + no_number;
    // 127 / most must not overflow.
    float up = most < 0x1p-80f ? 0x1p60f : 1, factor = most > 0 ? 127 / (most * up) : 0;
    if (no_number != 0) factor = 0;
    for (size_t i = 0; i < 4; i++) {
      factors[4 * lane + i] = factor;
      ups[4 * lane + i] = up;
    }
  }
  for (size_t step = 0; step < BSTK_HALF_STEPS; step++)
    for (size_t i = 0; i < BSTK_STEP_COLUMNS; i++) {
      size_t at = step * BSTK_STEP_COLUMNS + i;
      float rounded = arranged[at] * ups[i] * factors[i] + ROUNDER;
      int32_t bits;
      memcpy(&bits, &rounded, sizeof bits);
      values[at] = (int8_t)bits;
      totals[i] += (int8_t)bits;
    }
  for (size_t lane = 0; lane < BSTK_SUM_LANES; lane++) {
    int32_t *total = totals + 4 * lane;
    sums[lane] =
        __builtin_fmaf((float)(total[0] + total[1] + total[2] + total[3]), scales[lane], sums[lane]);
  }
}

TARGET static void round_inputs(const float *inputs, size_t columns, size_t planes,
                                struct bstk_inputs *rounded) {
  float arranged[BSTK_CHUNK_COLUMNS], sums[BSTK_SUM_LANES] = {0};
  size_t slots = bstk_slots(planes);
  for (size_t first = 0, chunk = 0; first < columns; first += BSTK_CHUNK_COLUMNS, chunk++) {
    size_t left = columns - first;
    arrange(inputs + first, left < BSTK_CHUNK_COLUMNS ? left : BSTK_CHUNK_COLUMNS, slots, arranged);
    int8_t *values = rounded->values + chunk * BSTK_CHUNK_COLUMNS;
    float *scales = rounded->scales + chunk * BSTK_CHUNK_SCALES;
    round_half(arranged, values, scales, sums);
    round_half(arranged + BSTK_HALF_COLUMNS, values + BSTK_HALF_COLUMNS, scales + BSTK_SUM_LANES,
               sums);
  }
  const float middle = -0.5f * (float)((1 << planes) - 1);
  for (size_t lane = 0; lane < BSTK_SUM_LANES; lane++) rounded->offsets[lane] = middle * sums[lane];
}
