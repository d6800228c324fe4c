// Products with rows in code, over vectors of one set. The includer defines TARGET, INLINE and
//   lanes                       a vector (or struct of them) of BSTK_SUM_LANES floats,
//   BLOCK_ROWS, BLOCK_TOKENS    what is multiplied at once where there are many tokens; their product is
//                               a multiple of ROWS_AT_ONCE,
// and after this file what is declared in it.
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

/// Calls CALL(n) with a constant equal to `count`.
#define FOR_PLANES(count, CALL) \
  switch (count) {              \
    case 1: CALL(1); break;     \
    case 2: CALL(2); break;     \
    case 3: CALL(3); break;     \
    case 4: CALL(4); break;     \
    case 5: CALL(5); break;     \
    case 6: CALL(6); break;     \
    case 7: CALL(7); break;     \
    case 8: CALL(8); break;     \
  }

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
#define CALL(n) multiply_rows(planes, n, rows, columns, readable, inputs, scales, adding, y)
  FOR_PLANES(count, CALL)
#undef CALL
}

/// Stores the integers of `bytes` bytes of a row, at most a chunk.
TARGET INLINE void unpack_chunk(const uint8_t *const *at, size_t count, size_t bytes,
                                size_t readable, uint8_t *unpacked);

TARGET INLINE void unpack_rows(const uint8_t *const *planes, size_t count, size_t rows,
                               size_t columns, size_t readable, uint8_t *unpacked) {
  const size_t row_bytes = (columns + 7) / 8;
  for (size_t row = 0; row < rows; row++)
    for (size_t byte = 0; byte < row_bytes; byte += BSTK_CHUNK_BYTES) {
      const size_t start = row * row_bytes + byte, left = row_bytes - byte;
      const uint8_t *at[BSTK_MAX_PLANES];
      for (size_t k = 0; k < count; k++) at[k] = planes[k] + start;
      unpack_chunk(at, count, left < BSTK_CHUNK_BYTES ? left : BSTK_CHUNK_BYTES, readable - start,
                   unpacked);
      unpacked += BSTK_CHUNK_COLUMNS;
    }
}

TARGET static void unpack_planes(const uint8_t *const *planes, size_t count, size_t rows,
                                 size_t columns, size_t readable, uint8_t *unpacked) {
#define CALL(n) unpack_rows(planes, n, rows, columns, readable, unpacked)
  FOR_PLANES(count, CALL)
#undef CALL
}

/// Adds the products of `bytes` bytes of rows, unpacked, with one chunk of each token.
TARGET INLINE void add_block(lanes sums[BLOCK_ROWS][BLOCK_TOKENS], const uint8_t *const *rows,
                             const int8_t *const *values, const float *const *scales, size_t count,
                             size_t bytes);

/// One block; `rows` and `tokens` of it are there, the others repeat the last.
TARGET INLINE void multiply_block(const uint8_t *unpacked, size_t count, size_t rows, size_t columns,
                                  const struct bstk_inputs *inputs, size_t tokens,
                                  const float *scales, float *y, size_t stride) {
  const size_t row_bytes = (columns + 7) / 8;
  const size_t chunks = (row_bytes + BSTK_CHUNK_BYTES - 1) / BSTK_CHUNK_BYTES;
  const uint8_t *at[BLOCK_ROWS];
  const int8_t *values[BLOCK_TOKENS];
  const float *factors[BLOCK_TOKENS];
  lanes sums[BLOCK_ROWS][BLOCK_TOKENS];
  for (size_t row = 0; row < BLOCK_ROWS; row++)
    at[row] = unpacked + (row < rows ? row : rows - 1) * chunks * BSTK_CHUNK_COLUMNS;
  for (size_t token = 0; token < BLOCK_TOKENS; token++) {
    const struct bstk_inputs *one = inputs + (token < tokens ? token : tokens - 1);
    values[token] = one->values;
    factors[token] = one->scales;
    for (size_t row = 0; row < BLOCK_ROWS; row++) sums[row][token] = load_lanes(one->offsets);
  }
  size_t left = row_bytes;
  for (; left >= BSTK_CHUNK_BYTES; left -= BSTK_CHUNK_BYTES) {
    add_block(sums, at, values, factors, count, BSTK_CHUNK_BYTES);
    for (size_t row = 0; row < BLOCK_ROWS; row++) at[row] += BSTK_CHUNK_COLUMNS;
    for (size_t token = 0; token < BLOCK_TOKENS; token++) {
      values[token] += BSTK_CHUNK_COLUMNS;
      factors[token] += BSTK_SUM_LANES;
    }
  }
  if (left > 32)
    add_block(sums, at, values, factors, count, 64);
  else if (left > 16)
    add_block(sums, at, values, factors, count, 32);
  else if (left > 0)
    add_block(sums, at, values, factors, count, 16);
  float out[BLOCK_ROWS][BLOCK_TOKENS];
  for (size_t i = 0; i < BLOCK_ROWS * BLOCK_TOKENS; i += ROWS_AT_ONCE)
    sum_rows(&sums[0][0] + i, &out[0][0] + i);
  float factor[BLOCK_ROWS];
  for (size_t row = 0; row < BLOCK_ROWS; row++) factor[row] = 2 * scales[row < rows ? row : 0];
  if (rows >= BLOCK_ROWS && tokens >= BLOCK_TOKENS) {
    for (size_t token = 0; token < BLOCK_TOKENS; token++)
      for (size_t row = 0; row < BLOCK_ROWS; row++)
        y[token * stride + row] = factor[row] * out[row][token];
    return;
  }
  for (size_t token = 0; token < BLOCK_TOKENS && token < tokens; token++)
    for (size_t row = 0; row < BLOCK_ROWS && row < rows; row++)
      y[token * stride + row] = factor[row] * out[row][token];
}

TARGET INLINE void multiply_blocks(const uint8_t *unpacked, size_t count, size_t rows,
                                   size_t columns, const struct bstk_inputs *inputs, size_t tokens,
                                   const float *scales, float *y, size_t stride) {
  const size_t width = (columns + BSTK_CHUNK_COLUMNS - 1) / BSTK_CHUNK_COLUMNS * BSTK_CHUNK_COLUMNS;
  for (size_t token = 0; token < tokens; token += BLOCK_TOKENS)
    for (size_t row = 0; row < rows; row += BLOCK_ROWS)
      multiply_block(unpacked + row * width, count, rows - row, columns, inputs + token,
                     tokens - token, scales + row, y + token * stride + row, stride);
}

TARGET static void multiply_unpacked(const uint8_t *unpacked, size_t count, size_t rows,
                                     size_t columns, const struct bstk_inputs *inputs,
                                     size_t tokens, const float *scales, float *y, size_t stride) {
  // What matters is which sums fit 16 bits.
  if (count <= 4)
    multiply_blocks(unpacked, 4, rows, columns, inputs, tokens, scales, y, stride);
  else if (count <= 7)
    multiply_blocks(unpacked, 7, rows, columns, inputs, tokens, scales, y, stride);
  else
    multiply_blocks(unpacked, 8, rows, columns, inputs, tokens, scales, y, stride);
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
