// The sparse list of nested planes. The includer defines TARGET and half_value, binary16 to binary32.

TARGET static void add_listed(const uint32_t *positions, const uint16_t *excess, size_t count,
                              size_t first_row, size_t rows, size_t columns, const float *inputs,
                              const float *u, double factor, float *y) {
  size_t next = 0;
  for (size_t row = 0; row < rows && next < count; row++) {
    size_t start = (first_row + row) * columns;
    float sum = 0;
    for (; next < count && positions[next] < start + columns; next++)
      sum = __builtin_fmaf(half_value(excess[next]), inputs[positions[next] - start], sum);
    y[row] = (float)(y[row] + u[row] * factor * sum);
  }
}
