// Levels of signs as stored, a few rows at a time.
#include "bstk_packed.h"

void bstk_signs_inputs(const struct bstk_signs *level, size_t component, const float *x,
                       float *inputs) {
  const size_t columns = level->columns;
  bstk_decode_vectors(level->vt.type, level->vt.bytes, level->vt.rank, columns, level->vt.rank,
                      component * columns, columns, inputs);
  bstk_scale_values(inputs, 1, x, columns, inputs);
}

void bstk_signs_product(const struct bstk_signs *level, size_t first, size_t rows,
                        const struct bstk_inputs *rounded, uint8_t *scratch, float *factors,
                        float *y) {
  const size_t columns = level->columns, rank = level->u.rank, row_bytes = (columns + 7) / 8;
  float *scales = factors + BSTK_SIGN_ROWS * rank;
  for (size_t done = 0; done < rows; done += BSTK_SIGN_ROWS) {
    size_t row = first + done, live = rows - done < BSTK_SIGN_ROWS ? rows - done : BSTK_SIGN_ROWS;
    const uint8_t *plane = level->signs + row * row_bytes;
    size_t readable = (level->rows - row) * row_bytes;
    if (columns % 8) {
      for (size_t r = 0; r < live; r++)
        bstk_copy_signs(level->signs, (row + r) * columns, columns, scratch + r * row_bytes);
      plane = scratch;
      readable = live * row_bytes;
    }
    bstk_decode_vectors(level->u.type, level->u.bytes, rank, 1, rank, row * rank, live * rank,
                        factors);
    for (size_t component = 0; component < rank; component++) {
      // 2 B - 1 is twice what a plane gives.
      for (size_t r = 0; r < live; r++) scales[r] = factors[r * rank + component];
      bstk_multiply_planes(&plane, 1, live, columns, readable, rounded + component, scales, 1,
                           y + done);
    }
  }
}
