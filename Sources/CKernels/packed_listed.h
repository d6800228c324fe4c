// The sparse list of nested planes. The includer defines TARGET and half_value, binary16 to binary32.

TARGET static void add_listed(const uint32_t *positions, const uint16_t *excess, size_t count,
                              size_t first_row, size_t rows, size_t columns, const float *inputs,
                              const float *u, double factor, float *y) {
  size_t next = 0;
  for (size_t row = 0; row < rows && next < count; row++) {
    size_t start = (first_row + row) * columns;
    if (positions[next] >= start + columns) continue;
    float sum = 0;
    for (; next < count && positions[next] < start + columns; next++)
      sum = __builtin_fmaf(half_value(excess[next]), inputs[positions[next] - start], sum);
    y[row] = (float)(y[row] + u[row] * factor * sum);
  }
}

TARGET static void add_listed_tokens(const uint32_t *positions, const uint16_t *excess, size_t count,
                                     size_t first_row, size_t rows, size_t columns,
                                     const float *by_column, const float *u, double factor,
                                     float *y, size_t tokens, size_t stride) {
  size_t next = 0;
  for (size_t row = 0; row < rows && next < count; row++) {
    size_t start = (first_row + row) * columns;
    if (positions[next] >= start + columns) continue;
    float sums[BSTK_TOKEN_GROUP] = {0};
    for (; next < count && positions[next] < start + columns; next++) {
      float value = half_value(excess[next]);
      const float *inputs = by_column + (positions[next] - start) * BSTK_TOKEN_GROUP;
      for (size_t token = 0; token < BSTK_TOKEN_GROUP; token++)
        sums[token] = __builtin_fmaf(value, inputs[token], sums[token]);
    }
    float results[BSTK_TOKEN_GROUP] = {0};
    double scale = u[row] * factor;
    for (size_t token = 0; token < tokens; token++) results[token] = y[token * stride + row];
    for (size_t token = 0; token < BSTK_TOKEN_GROUP; token++)
      results[token] = (float)(results[token] + scale * sums[token]);
    for (size_t token = 0; token < tokens; token++) y[token * stride + row] = results[token];
  }
}
