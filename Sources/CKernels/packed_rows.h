// Products with rows in code, over vectors of one set. The includer defines TARGET, INLINE and
//   lanes                   a vector (or struct of them) of BSTK_SUM_LANES floats,
//   load_lanes, add_chunk, add_rest, sum_rows, fuse_halves   what is done with it.
// A row's sums begin with `offsets`; chunk after chunk adds scales * integers, fused.

enum { ROWS_AT_ONCE = 4 };

TARGET INLINE lanes load_lanes(const float *from);
/// Adds the product with a whole chunk of `count` planes, `at[k]` pointing to its bytes.
TARGET INLINE lanes add_chunk(lanes sums, const uint8_t *const *at, size_t count,
                              const int8_t *values, const float *scales);
/// Adds the product with the `bytes` bytes of a last chunk; `readable` are there to be read.
TARGET INLINE lanes add_rest(lanes sums, const uint8_t *const *at, size_t count, size_t bytes,
                             size_t readable, const int8_t *values, const float *scales);
/// The same for four rows, their bytes `starts` behind those of `planes`; `readable` from planes on.
TARGET INLINE void add_rests(lanes *sums, const uint8_t *const *planes, size_t count,
                             const size_t *starts, size_t bytes, size_t readable,
                             const int8_t *values, const float *scales);
/// The lanes of four sums added up in the order of bstk_sum_lanes, into four floats.
TARGET INLINE void sum_rows(const lanes *sums, float *out);

/// `count` is a constant after inlining.
TARGET INLINE void multiply_rows(const uint8_t *const *planes, size_t count, size_t rows,
                                 size_t columns, size_t readable, const struct bstk_inputs *inputs,
                                 const float *scales, int adding, float *y) {
  const size_t row_bytes = (columns + 7) / 8, rest = row_bytes % BSTK_CHUNK_BYTES;
  const size_t whole = row_bytes - rest;
  const size_t chunks = whole / BSTK_CHUNK_BYTES;
  for (size_t first = 0; first < rows; first += ROWS_AT_ONCE) {
    lanes sums[ROWS_AT_ONCE];
    size_t rests[ROWS_AT_ONCE], live = rows - first < ROWS_AT_ONCE ? rows - first : ROWS_AT_ONCE;
    for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
      // Rows beyond the last repeat it.
      size_t start = (first + (row < live ? row : live - 1)) * row_bytes;
      const uint8_t *at[BSTK_MAX_PLANES];
      lanes sum = load_lanes(inputs->offsets);
      for (size_t chunk = 0; chunk < chunks; chunk++) {
        for (size_t k = 0; k < count; k++) at[k] = planes[k] + start + chunk * BSTK_CHUNK_BYTES;
        sum = add_chunk(sum, at, count, inputs->values + chunk * BSTK_CHUNK_COLUMNS,
                        inputs->scales + chunk * BSTK_SUM_LANES);
      }
      sums[row] = sum;
      rests[row] = start + whole;
    }
    if (rest)
      add_rests(sums, planes, count, rests, rest, readable,
                inputs->values + chunks * BSTK_CHUNK_COLUMNS,
                inputs->scales + chunks * BSTK_SUM_LANES);
    float out[ROWS_AT_ONCE];
    sum_rows(sums, out);
    for (size_t row = 0; row < live; row++) {
      float product = 2 * scales[first + row] * out[row];
      y[first + row] = adding ? y[first + row] + product : product;
    }
  }
}

TARGET static void multiply_planes(const uint8_t *const *planes, size_t count, size_t rows,
                                   size_t columns, size_t readable,
                                   const struct bstk_inputs *inputs, const float *scales,
                                   int adding, float *y) {
#define MULTIPLY(n)                                                                  \
  case n:                                                                            \
    multiply_rows(planes, n, rows, columns, readable, inputs, scales, adding, y);    \
    break
  switch (count) {
    MULTIPLY(1);
    MULTIPLY(2);
    MULTIPLY(3);
    MULTIPLY(4);
    MULTIPLY(5);
    MULTIPLY(6);
    MULTIPLY(7);
    MULTIPLY(8);
  }
#undef MULTIPLY
}

/// Adds weights[i] * x[i], at most BSTK_SUM_LANES of them.
TARGET INLINE lanes fuse_halves(lanes sums, enum bstk_vector_type type, const uint16_t *weights,
                                const float *x, size_t count);

TARGET INLINE void multiply_half_rows(enum bstk_vector_type type, const uint16_t *weights,
                                      size_t rows, size_t columns, const float *x, float *y) {
  const size_t whole = columns - columns % BSTK_SUM_LANES;
  const float zeros[BSTK_SUM_LANES] = {0};
  for (size_t first = 0; first < rows; first += ROWS_AT_ONCE) {
    lanes sums[ROWS_AT_ONCE];
    const uint16_t *at[ROWS_AT_ONCE];
    size_t live = rows - first < ROWS_AT_ONCE ? rows - first : ROWS_AT_ONCE;
    for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
      sums[row] = load_lanes(zeros);
      at[row] = weights + (first + (row < live ? row : live - 1)) * columns;
    }
    for (size_t column = 0; column < whole; column += BSTK_SUM_LANES)
      for (size_t row = 0; row < ROWS_AT_ONCE; row++)
        sums[row] = fuse_halves(sums[row], type, at[row] + column, x + column, BSTK_SUM_LANES);
    if (whole < columns)
      for (size_t row = 0; row < ROWS_AT_ONCE; row++)
        sums[row] = fuse_halves(sums[row], type, at[row] + whole, x + whole, columns - whole);
    float out[ROWS_AT_ONCE];
    sum_rows(sums, out);
    for (size_t row = 0; row < live; row++) y[first + row] = out[row];
  }
}

TARGET static void multiply_halves(enum bstk_vector_type type, const uint16_t *weights, size_t rows,
                                   size_t columns, const float *x, float *y) {
  if (type == BSTK_VECTOR_FP16)
    multiply_half_rows(BSTK_VECTOR_FP16, weights, rows, columns, x, y);
  else
    multiply_half_rows(BSTK_VECTOR_BF16, weights, rows, columns, x, y);
}
