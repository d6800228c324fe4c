// Error feedback over one block of columns, in portable vector code. Included once per instruction
// set, after products.h, which defines the vectors and TARGET. Products contract to fused
// multiply-adds where the set has them, so codes may differ across sets where two are equally good.
#include "kernels.h"

enum { MAXIMUM_LEVELS = 8 };

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

/// The lattice step of `level` over that of the finest level that is chosen together with it.
static inline float spread_of(const struct bstk_feedback *state, size_t level) {
  return (float)(1 << (state->blended_levels - 1 - level));
}

/// Picks the codes of 16 rows of one column: of the integer nearest to the finest target, and that
/// integer moved into the cell nearest to each coarser target, the one with the least weighted error.
TARGET static inline __attribute__((always_inline)) void choose_together(
    const struct bstk_feedback *state, const floats *targets, floats *code) {
  size_t finest = state->blended_levels - 1;
  float limit = (float)((2 << finest) - 1);
  floats nearest = TRUNCATED(targets[finest] * (1 / state->units[finest]), 1);
  floats best = {0}, best_cost = SPLAT(3.4e38f);
  for (size_t candidate = 0; candidate <= finest; candidate++) {
    floats moved = nearest;
    if (candidate < finest) {
      if (!(state->weights[candidate] > 0)) continue;
      float spread = spread_of(state, candidate);
      floats cell = spread * TRUNCATED(targets[candidate] * (1 / state->units[candidate]), 1);
      moved = CLAMPED(nearest, cell - (spread - 1), cell + (spread - 1));
    }
    moved = CLAMPED(moved, SPLAT(-limit), SPLAT(limit));
    floats cost = {0};
    for (size_t level = 0; level <= finest; level++) {
      if (!(state->weights[level] > 0)) continue;
      floats error =
          targets[level] - state->units[level] * TRUNCATED(moved, spread_of(state, level));
      cost += state->weights[level] * (error * error);
    }
    signed_words better = (signed_words)(cost < best_cost);
    best = CHOOSE(better, moved, best);
    best_cost = CHOOSE(better, cost, best_cost);
  }
  *code = best;
}

TARGET static void feedback_block(const struct bstk_feedback *state, float *targets, float *errors,
                                  uint8_t *codes, float *sums) {
  size_t rows = state->rows, levels = state->levels, slots = (levels + 1) * rows;
  float offset = (float)((1 << levels) - 1);
  for (size_t column = state->columns; column-- > 0;) {
    float *target = targets + column * slots, *error = errors + column * slots;
    float pivot = state->pivots[column];
    for (size_t row = 0; row < rows; row += WIDTH) {
      floats wanted[MAXIMUM_LEVELS], value = CONST_AT(error + row), finest, code;
      for (size_t level = 0; level < levels; level++)
        wanted[level] = CONST_AT(target + (level + 1) * rows + row);
      choose_together(state, wanted, &finest);
      floats whole = pivot * CONST_AT(target + row);
      AT(sums + row) += whole * whole;
      code = finest;
      for (size_t level = 0; level < levels; level++) {
        if (level < state->blended_levels) {
          code = TRUNCATED(finest, spread_of(state, level));
        } else {
          // The child of the coarser level's code that is nearer to this level's target.
          signed_words above = (signed_words)(wanted[level] >= state->units[level] * 2 * code);
          code = 2 * code + CHOOSE(above, SPLAT(1), SPLAT(-1));
        }
        floats coded = state->units[level] * code;
        floats left = pivot * (wanted[level] - coded);
        AT(error + (level + 1) * rows + row) = value - coded;
        AT(sums + (2 * level + 1) * rows + row) += whole * left;
        AT(sums + (2 * level + 2) * rows + row) += left * left;
      }
      floats integer = (code + offset) * 0.5f;
      for (size_t lane = 0; lane < WIDTH; lane++)
        codes[column * rows + row + lane] = (uint8_t)integer[lane];
    }
    const float *factors = state->factors + column * state->stride;
    for (size_t earlier = 0; earlier < column; earlier++) {
      float *out = targets + earlier * slots, factor = factors[earlier];
      for (size_t index = 0; index < slots; index += WIDTH)
        AT(out + index) += factor * CONST_AT(error + index);
    }
  }
}
