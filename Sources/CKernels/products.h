// The two matrix products that decide the speed, in portable vector code. Included once per
// instruction set, which defines
//   TARGET       the function attribute,
//   STRIP        matrix rows swept at a time (one accumulator each),
//   BLOCK        vectors of a tile's row computed at a time.
// Sums of products contract to fused multiply-adds where the set has them, so these two are equal
// across sets only to rounding.
#include <string.h>

#include "kernels.h"

typedef float floats __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));

enum { WIDTH = 16, TILE_ROWS = 4, TILE_VECTORS = BSTK_TILE_COLUMNS / WIDTH };

_Static_assert(sizeof(floats) == WIDTH * sizeof(float), "a vector is one group of columns");
_Static_assert(TILE_VECTORS % BLOCK == 0, "blocks fill a tile");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sign windows are read as words");

/// A vector anywhere in an array of floats.
typedef float loose_floats __attribute__((vector_size(64), aligned(4), may_alias));

#define AT(pointer) (*(loose_floats *)(pointer))
#define CONST_AT(pointer) (*(const loose_floats *)(pointer))

/// `count` (at most STRIP, a constant after inlining) rows: y = A x, then z += A^T y.
TARGET static inline __attribute__((always_inline)) void sweep_strip(
    const float *a, size_t lda, size_t count, size_t columns, const float *x, float *y, float *z,
    size_t width) {
  for (size_t group = 0; group < width; group += WIDTH) {
    floats sums[STRIP];
    for (size_t row = 0; row < count; row++) sums[row] = (floats){0};
    for (size_t column = 0; column < columns; column++) {
      floats vector = CONST_AT(x + column * width + group);
      for (size_t row = 0; row < count; row++) sums[row] += a[row * lda + column] * vector;
    }
    for (size_t row = 0; row < count; row++) AT(y + row * width + group) = sums[row];
    if (!z) continue;
    for (size_t column = 0; column < columns; column++) {
      floats even = AT(z + column * width + group), odd = {0};
      for (size_t row = 0; row < count; row += 2) {
        even += a[row * lda + column] * sums[row];
        if (row + 1 < count) odd += a[(row + 1) * lda + column] * sums[row + 1];
      }
      AT(z + column * width + group) = even + odd;
    }
  }
}

TARGET static void sweep(const float *a, size_t lda, size_t rows, size_t columns, const float *x,
                         float *y, float *z, size_t width) {
  size_t row = 0;
  for (; row + STRIP <= rows; row += STRIP)
    sweep_strip(a + row * lda, lda, STRIP, columns, x, y + row * width, z, width);
  for (; row < rows; row++)
    sweep_strip(a + row * lda, lda, 1, columns, x, y + row * width, z, width);
}

/// The signs of up to 64 elements from bit `first` on, the first element in the highest bit.
static inline uint64_t sign_window(const uint8_t *signs, size_t first, size_t count) {
  const uint8_t *from = signs + first / 8;
  unsigned shift = first % 8;
  uint64_t window = 0;
  if (count == 64) {
    memcpy(&window, from, sizeof window);
    window = __builtin_bswap64(window);
    return shift ? window << shift | from[8] >> (8 - shift) : window;
  }
  for (size_t index = 0; index < count; index++) {
    size_t bit = first + index;
    uint64_t sign = signs[bit / 8] >> (7 - bit % 8) & 1;
    window |= sign << (63 - index);
  }
  return window;
}

/// One tile of one level: sums of TILE_ROWS rows and all tile columns, added into `tile`.
TARGET static __attribute__((noinline)) void level_tile(const float *const u[TILE_ROWS], const float *packed,
                                     size_t rank, const uint64_t windows[TILE_ROWS], uint32_t flip,
                                     float *tile) {
  const words shifts = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const words top = (words){0} + 0x80000000u;
  for (size_t block = 0; block < TILE_VECTORS; block += BLOCK) {
    floats sums[TILE_ROWS][BLOCK];
    for (int row = 0; row < TILE_ROWS; row++)
      for (int v = 0; v < BLOCK; v++) sums[row][v] = (floats){0};
    for (size_t k = 0; k < rank; k++) {
      floats right[BLOCK];
      for (size_t v = 0; v < BLOCK; v++)
        right[v] = CONST_AT(packed + k * BSTK_TILE_COLUMNS + (block + v) * WIDTH);
      for (int row = 0; row < TILE_ROWS; row++)
        for (int v = 0; v < BLOCK; v++) sums[row][v] += u[row][k] * right[v];
    }
    for (int row = 0; row < TILE_ROWS; row++) {
      for (size_t v = 0; v < BLOCK; v++) {
        uint32_t window = (uint32_t)(windows[row] >> (48 - WIDTH * (block + v))) << 16;
        words negative = ~(((words){0} + window) << shifts) & top;
        float *target = tile + (size_t)row * BSTK_TILE_COLUMNS + (block + v) * WIDTH;
        AT(target) += (floats)((words)sums[row][v] ^ negative ^ flip);
      }
    }
  }
}

TARGET static void accumulate_levels(float *out, size_t first_row, size_t rows, size_t columns,
                                     const struct bstk_level *levels, size_t count, int subtract,
                                     float *scratch) {
  // Vectors that straddle cache lines would cost two loads each.
  scratch = (float *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  const uint32_t flip = subtract ? 0x80000000u : 0;
  for (size_t column = 0; column < columns; column += BSTK_TILE_COLUMNS) {
    size_t live = columns - column < BSTK_TILE_COLUMNS ? columns - column : BSTK_TILE_COLUMNS;
    float *packed = scratch;
    for (size_t level = 0; level < count; level++) {
      for (size_t k = 0; k < levels[level].rank; k++, packed += BSTK_TILE_COLUMNS) {
        memset(packed, 0, BSTK_TILE_COLUMNS * sizeof(float));
        memcpy(packed, levels[level].vt + k * columns + column, live * sizeof(float));
      }
    }
    for (size_t row = 0; row < rows; row += TILE_ROWS) {
      size_t live_rows = rows - row < TILE_ROWS ? rows - row : TILE_ROWS;
      _Alignas(64) float tile[TILE_ROWS * BSTK_TILE_COLUMNS] = {0};
      for (size_t r = 0; r < live_rows; r++)
        memcpy(tile + r * BSTK_TILE_COLUMNS, out + (row + r) * columns + column,
               live * sizeof(float));
      packed = scratch;
      for (size_t level = 0; level < count; level++) {
        const struct bstk_level *one = &levels[level];
        const float *u[TILE_ROWS];
        uint64_t windows[TILE_ROWS];
        for (size_t r = 0; r < TILE_ROWS; r++) {
          // Rows beyond the last repeat it; their sums are not stored.
          size_t index = first_row + row + (r < live_rows ? r : live_rows - 1);
          u[r] = one->u + index * one->rank;
          windows[r] =
              one->signs ? sign_window(one->signs, index * columns + column, live) : ~0ull;
        }
        level_tile(u, packed, one->rank, windows, flip, tile);
        packed += one->rank * BSTK_TILE_COLUMNS;
      }
      for (size_t r = 0; r < live_rows; r++)
        memcpy(out + (row + r) * columns + column, tile + r * BSTK_TILE_COLUMNS,
               live * sizeof(float));
    }
  }
}
