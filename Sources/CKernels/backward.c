// As in transformer.c, each loop is written so that a compiler vectorises it, and reductions run in
// LANES independent sums, which fixes their order on every machine.
#include "bstk_backward.h"

#include <math.h>

#include "steps.h"

static double lane_total_double(const double lanes[LANES]) {
  double total = 0;
  for (size_t i = 0; i < LANES; i++) total += lanes[i];
  return total;
}

static float dot(const float *x, const float *y, size_t count) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] += x[i + j] * y[i + j];
  float rest = 0;
  for (; i < count; i++) rest += x[i] * y[i];
  return bstk_lane_total(lanes) + rest;
}

static float dot3(const float *x, const float *y, const float *z, size_t count) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] += x[i + j] * y[i + j] * z[i + j];
  float rest = 0;
  for (; i < count; i++) rest += x[i] * y[i] * z[i];
  return bstk_lane_total(lanes) + rest;
}

void bstk_rms_norm_backward(const float *x, const float *weight, const float *out_gradient,
                            float *gradient, size_t rows, size_t width, float epsilon) {
  for (size_t r = 0; r < rows; r++, x += width, out_gradient += width, gradient += width) {
    const float factor = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
    // The share of the gradient along x, which the norm takes away.
    const float along = dot3(x, weight, out_gradient, width) * factor * factor / (float)width;
    for (size_t c = 0; c < width; c++)
      gradient[c] += factor * (weight[c] * out_gradient[c] - along * x[c]);
  }
}

void bstk_rope_merge(const float *in, const float *cosines, const float *sines, float *out,
                     size_t tokens, size_t heads, size_t half, size_t in_stride) {
  const size_t width = 2 * half;
  for (size_t t = 0; t < tokens; t++) {
    const float *restrict cosine = cosines + t * half, *restrict sine = sines + t * half;
    for (size_t h = 0; h < heads; h++) {
      const float *restrict from = in + h * in_stride + t * width;
      float *restrict low = out + (t * heads + h) * width, *restrict high = low + half;
      for (size_t i = 0; i < half; i++) {
        low[i] = from[i] * cosine[i] + from[half + i] * sine[i];
        high[i] = from[half + i] * cosine[i] - from[i] * sine[i];
      }
    }
  }
}

void bstk_softmax_backward(const float *p, float *gradient, size_t rows, size_t columns,
                           float scale) {
  for (size_t r = 0; r < rows; r++, p += columns, gradient += columns) {
    const float mean = dot(p, gradient, columns);
    for (size_t c = 0; c < columns; c++) gradient[c] = scale * p[c] * (gradient[c] - mean);
  }
}

void bstk_silu_multiply_backward(float *gate, float *up, const float *out_gradient, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = gate[i], factor = up[i], g = out_gradient[i];
    const float e = bstk_exp_nonpositive(x > 0 ? -x : x);
    const float sigmoid = (x > 0 ? 1.0f : e) / (1.0f + e);
    // 1 - sigmoid(x) = sigmoid(-x), without cancellation.
    const float rest = (x > 0 ? e : 1.0f) / (1.0f + e);
    gate[i] = g * factor * sigmoid * (1.0f + x * rest);
    up[i] = g * x * sigmoid;
  }
}

void bstk_softmax(float *x, size_t count) {
  float top = x[0];
  for (size_t i = 1; i < count; i++) top = x[i] > top ? x[i] : top;
  double lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      const float e = bstk_exp_nonpositive(x[i + j] - top);
      x[i + j] = e;
      lanes[j] += (double)e;
    }
  double total = 0;
  for (; i < count; i++) total += (double)(x[i] = bstk_exp_nonpositive(x[i] - top));
  total += lane_total_double(lanes);
  bstk_scale(x, (float)(1 / total), count);
}

size_t bstk_draw(const float *p, size_t count, double uniform) {
  double total = 0;
  for (size_t i = 0; i < count; i++) total += (double)p[i];
  const double wanted = uniform * total;
  double sum = 0;
  size_t last = 0;
  for (size_t i = 0; i < count; i++) {
    if (!(p[i] > 0)) continue;
    sum += (double)p[i];
    last = i;
    if (sum > wanted) break;
  }
  return last;
}

double bstk_add_variances(const float *p, double *sums, size_t count) {
  double lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      const double variance = (double)p[i + j] * (1 - (double)p[i + j]);
      sums[i + j] += variance;
      lanes[j] += variance;
    }
  double rest = 0;
  for (; i < count; i++) {
    const double variance = (double)p[i] * (1 - (double)p[i]);
    sums[i] += variance;
    rest += variance;
  }
  return lane_total_double(lanes) + rest;
}

double bstk_sum_of_squares(const float *x, size_t count) {
  double lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] += (double)x[i + j] * (double)x[i + j];
  double rest = 0;
  for (; i < count; i++) rest += (double)x[i] * (double)x[i];
  return lane_total_double(lanes) + rest;
}

void bstk_scale(float *x, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}
