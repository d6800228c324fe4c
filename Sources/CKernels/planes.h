// The rows of nested planes in groups of columns. Included once per instruction set, which defines
//   TARGET         the function attribute,
//   PLANE_GROUP    columns handled at a time, a multiple of 8,
//   integers       a vector of PLANE_GROUP bytes,
//   gather_integers, store_integers, rebuild_group, pack_group   what is done to one group.
// A last partial group passes through padded copies, so that only whole groups are ever read.
#include <string.h>

#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))

enum { GROUP_BYTES = PLANE_GROUP / 8 };

/// `count` planes of one row, moved to another row, or the zero-padded rest of a row.
struct plane_rows {
  const uint8_t *at[BSTK_MAX_PLANES];
};

struct plane_rest {
  uint8_t bytes[BSTK_MAX_PLANES][GROUP_BYTES];
};

TARGET INLINE integers gather_integers(const struct plane_rows *rows, size_t byte, size_t count);
TARGET INLINE void store_integers(integers values, uint8_t *out);
TARGET INLINE void rebuild_group(integers values, size_t count, float scale, const float *v,
                                 float *out);
TARGET INLINE void pack_group(const uint8_t *values, unsigned bit, uint8_t *plane);

TARGET INLINE integers gather_rest(const struct plane_rows *rows, size_t byte, size_t bytes,
                                   size_t count) {
  struct plane_rest rest = {0};
  struct plane_rows padded;
  for (size_t k = 0; k < count; k++) {
    memcpy(rest.bytes[k], rows->at[k] + byte, bytes);
    padded.at[k] = rest.bytes[k];
  }
  return gather_integers(&padded, 0, count);
}

/// `count` is a constant after inlining, here and below.
TARGET INLINE void rebuild_rows(const uint8_t *const *planes, size_t count, size_t rows,
                                size_t columns, const float *scales, const float *v, float *out) {
  const size_t row_bytes = (columns + 7) / 8, left = columns % PLANE_GROUP, whole = columns - left;
  float v_rest[PLANE_GROUP] = {0}, out_rest[PLANE_GROUP];
  memcpy(v_rest, v + whole, left * sizeof(float));
  for (size_t row = 0; row < rows; row++, out += columns) {
    struct plane_rows at;
    for (size_t k = 0; k < count; k++) at.at[k] = planes[k] + row * row_bytes;
    for (size_t column = 0; column < whole; column += PLANE_GROUP)
      rebuild_group(gather_integers(&at, column / 8, count), count, scales[row], v + column,
                    out + column);
    if (!left) continue;
    rebuild_group(gather_rest(&at, whole / 8, row_bytes - whole / 8, count), count, scales[row],
                  v_rest, out_rest);
    memcpy(out + whole, out_rest, left * sizeof(float));
  }
}

TARGET INLINE void expand_rows(const uint8_t *const *planes, size_t count, size_t rows,
                               size_t columns, uint8_t *out) {
  const size_t row_bytes = (columns + 7) / 8, left = columns % PLANE_GROUP, whole = columns - left;
  for (size_t row = 0; row < rows; row++, out += columns) {
    struct plane_rows at;
    for (size_t k = 0; k < count; k++) at.at[k] = planes[k] + row * row_bytes;
    for (size_t column = 0; column < whole; column += PLANE_GROUP)
      store_integers(gather_integers(&at, column / 8, count), out + column);
    if (!left) continue;
    uint8_t rest[PLANE_GROUP];
    store_integers(gather_rest(&at, whole / 8, row_bytes - whole / 8, count), rest);
    memcpy(out + whole, rest, left);
  }
}

TARGET static void rebuild_planes(const uint8_t *const *planes, size_t count, size_t rows,
                                  size_t columns, const float *scales, const float *v,
                                  float *out) {
  switch (count) {
    case 1: rebuild_rows(planes, 1, rows, columns, scales, v, out); break;
    case 2: rebuild_rows(planes, 2, rows, columns, scales, v, out); break;
    case 3: rebuild_rows(planes, 3, rows, columns, scales, v, out); break;
    case 4: rebuild_rows(planes, 4, rows, columns, scales, v, out); break;
    case 5: rebuild_rows(planes, 5, rows, columns, scales, v, out); break;
    case 6: rebuild_rows(planes, 6, rows, columns, scales, v, out); break;
    case 7: rebuild_rows(planes, 7, rows, columns, scales, v, out); break;
    case 8: rebuild_rows(planes, 8, rows, columns, scales, v, out); break;
  }
}

TARGET static void expand_planes(const uint8_t *const *planes, size_t count, size_t rows,
                                 size_t columns, uint8_t *out) {
  switch (count) {
    case 1: expand_rows(planes, 1, rows, columns, out); break;
    case 2: expand_rows(planes, 2, rows, columns, out); break;
    case 3: expand_rows(planes, 3, rows, columns, out); break;
    case 4: expand_rows(planes, 4, rows, columns, out); break;
    case 5: expand_rows(planes, 5, rows, columns, out); break;
    case 6: expand_rows(planes, 6, rows, columns, out); break;
    case 7: expand_rows(planes, 7, rows, columns, out); break;
    case 8: expand_rows(planes, 8, rows, columns, out); break;
  }
}

TARGET static void pack_plane(const uint8_t *values, size_t count, unsigned bit, uint8_t *plane) {
  const size_t left = count % PLANE_GROUP, whole = count - left;
  for (size_t i = 0; i < whole; i += PLANE_GROUP) pack_group(values + i, bit, plane + i / 8);
  if (!left) return;
  uint8_t padded[PLANE_GROUP] = {0}, bytes[GROUP_BYTES];
  memcpy(padded, values + whole, left);
  pack_group(padded, bit, bytes);
  memcpy(plane + whole / 8, bytes, (left + 7) / 8);
}
