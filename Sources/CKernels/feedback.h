// Error feedback over one block of columns, in portable vector code. Included once per instruction
// set, after products.h, which defines the vectors and TARGET. Products contract to fused
// multiply-adds where the set has them, so codes may differ across sets where two are equally good.
#include "kernels.h"

typedef int32_t signed_words __attribute__((vector_size(64)));

// Macros, because a function that takes or returns vectors has another ABI in every set.
#define SPLAT(value) ((float)(value) - (floats){0})
#define CHOOSE(mask, a, b) \
  ((floats)(((words)(a) & (words)(mask)) | ((words)(b) & ~(words)(mask))))
/// The odd integer of a coarser level whose cell holds `fine`; `spread` is the ratio of their steps.
#define TRUNCATED(fine, spread) \
  (2 * __builtin_elementwise_floor((fine) * (0.5f / (float)(spread))) + 1)
#define CLAMPED(value, low, high) \
  __builtin_elementwise_min(__builtin_elementwise_max(value, low), high)

/// The lattice step of `level` over that of the finest level.
static inline float spread_of(const struct bstk_feedback *state, size_t level) {
  return (float)(1 << (state->levels - 1 - level));
}

/// The weighted squared distance of all levels of `code` from their targets.
TARGET static inline __attribute__((always_inline)) void weigh(
    const struct bstk_feedback *state, const floats *targets, const floats *code, floats *cost) {
  *cost = (floats){0};
  for (size_t level = 0; level < state->levels; level++) {
    if (!(state->weights[level] > 0)) continue;
    float spread = spread_of(state, level);
    floats error = targets[level] - spread * TRUNCATED(*code, spread);
    *cost += state->weights[level] * (error * error);
  }
}

/// Picks the codes of 16 rows of one column: of the integer nearest to the finest target, and that
/// integer moved into the cell nearest to each coarser target, the one with the least weighted error.
/// `code` and `best_cost` hold the choice so far.
TARGET static inline __attribute__((always_inline)) void choose_together(
    const struct bstk_feedback *state, const floats *targets, floats *code, floats *best_cost) {
  size_t finest = state->levels - 1;
  float limit = (float)((2 << finest) - 1);
  floats nearest = TRUNCATED(targets[finest], 1);
  for (size_t candidate = 0; candidate <= finest; candidate++) {
    floats moved = nearest, cost;
    if (candidate < finest) {
      if (!(state->weights[candidate] > 0)) continue;
      float spread = spread_of(state, candidate);
      floats cell = spread * TRUNCATED(targets[candidate], spread);
      moved = CLAMPED(nearest, cell - (spread - 1), cell + (spread - 1));
    }
    moved = CLAMPED(moved, SPLAT(-limit), SPLAT(limit));
    weigh(state, targets, &moved, &cost);
    signed_words better = (signed_words)(cost < *best_cost);
    *code = CHOOSE(better, moved, *code);
    *best_cost = CHOOSE(better, cost, *best_cost);
  }
}

TARGET static inline __attribute__((always_inline)) void store_codes(
    const struct bstk_feedback *state, const floats *code, uint8_t *out) {
  floats integer = (*code + (float)((1 << state->levels) - 1)) * 0.5f;
  for (size_t lane = 0; lane < WIDTH; lane++) out[lane] = (uint8_t)integer[lane];
}

TARGET static void feedback_block(const struct bstk_feedback *state, float *targets, float *errors,
                                  uint8_t *codes) {
  size_t rows = state->rows, levels = state->levels, slots = (levels + 1) * rows;
  for (size_t column = state->columns; column-- > 0;) {
    float *target = targets + column * slots, *error = errors + column * slots;
    float pivot = state->pivots[column];
    for (size_t row = 0; row < rows; row += WIDTH) {
      floats wanted[BSTK_MAX_PLANES], value = CONST_AT(error + row), code = {0};
      floats cost = SPLAT(3.4e38f);
      for (size_t level = 0; level < levels; level++)
        wanted[level] = CONST_AT(target + (level + 1) * rows + row);
      choose_together(state, wanted, &code, &cost);
      AT(target + row) = pivot * CONST_AT(target + row);
      for (size_t level = 0; level < levels; level++) {
        float spread = spread_of(state, level);
        floats coded = spread * TRUNCATED(code, spread);
        AT(error + (level + 1) * rows + row) = value - coded;
        AT(target + (level + 1) * rows + row) = pivot * (wanted[level] - coded);
      }
      store_codes(state, &code, codes + column * rows + row);
    }
    const float *factors = state->factors + column * state->stride;
    for (size_t earlier = 0; earlier < column; earlier++) {
      float *out = targets + earlier * slots, factor = factors[earlier] / state->pivots[earlier];
      for (size_t index = 0; index < slots; index += WIDTH)
        AT(out + index) += factor * CONST_AT(error + index);
    }
  }
}

TARGET static void descent_block(const struct bstk_feedback *state, const float *gram,
                                 float *gradients, float *errors, float *changes, uint8_t *codes) {
  size_t rows = state->rows, levels = state->levels, slots = (levels + 1) * rows;
  for (size_t column = state->columns; column-- > 0;) {
    float *gradient = gradients + column * slots, *error = errors + column * slots;
    float *change = changes + column * slots;
    float curvature = gram[column * state->columns + column];
    float scale = curvature > 0 ? 1 / curvature : 0;
    for (size_t row = 0; row < rows; row += WIDTH) {
      floats wanted[BSTK_MAX_PLANES], value = CONST_AT(error + row), code, old, cost;
      uint8_t *stored = codes + column * rows + row;
      for (size_t lane = 0; lane < WIDTH; lane++) code[lane] = (float)stored[lane];
      code = 2 * code - (float)((1 << levels) - 1);
      old = code;
      // Where each level alone would be best: its value, moved by the gradient.
      for (size_t level = 0; level < levels; level++) {
        floats now = value - CONST_AT(error + (level + 1) * rows + row);
        wanted[level] = now + scale * CONST_AT(gradient + (level + 1) * rows + row);
      }
      weigh(state, wanted, &code, &cost);
      // A change must pay for itself beyond rounding.
      cost = 0.9999f * cost;
      choose_together(state, wanted, &code, &cost);
      for (size_t level = 0; level < levels; level++) {
        float spread = spread_of(state, level);
        floats moved = spread * (TRUNCATED(old, spread) - TRUNCATED(code, spread));
        AT(error + (level + 1) * rows + row) += moved;
        AT(change + (level + 1) * rows + row) = moved;
      }
      AT(change + row) = (floats){0};
      store_codes(state, &code, stored);
    }
    for (size_t other = 0; other < state->columns; other++) {
      float *out = gradients + other * slots, factor = gram[column * state->columns + other];
      for (size_t index = rows; index < slots; index += WIDTH)
        AT(out + index) += factor * CONST_AT(change + index);
    }
  }
}
