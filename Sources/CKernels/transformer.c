// Written so that a compiler vectorises each loop without intrinsics or relaxed floating point:
// reductions run in LANES independent sums, which also fixes their order on every machine.
#include "bstk_transformer.h"

#include <math.h>
#include <string.h>

#include "steps.h"

static float sum_of_squares(const float *x, size_t count) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] += x[i + j] * x[i + j];
  float rest = 0;
  for (; i < count; i++) rest += x[i] * x[i];
  return bstk_lane_total(lanes) + rest;
}

static float maximum(const float *x, size_t count) {
  float lanes[LANES];
  for (size_t j = 0; j < LANES; j++) lanes[j] = -INFINITY;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  float best = -INFINITY;
  for (size_t j = 0; j < LANES; j++) best = lanes[j] > best ? lanes[j] : best;
  for (; i < count; i++) best = x[i] > best ? x[i] : best;
  return best;
}

void bstk_rms_norm(const float *x, const float *weight, float *out, size_t rows, size_t width,
                   float epsilon) {
  for (size_t r = 0; r < rows; r++, x += width, out += width) {
    float factor = 1.0f / sqrtf(sum_of_squares(x, width) / (float)width + epsilon);
    for (size_t c = 0; c < width; c++) out[c] = weight[c] * (x[c] * factor);
  }
}

void bstk_rope_split(const float *in, const float *cosines, const float *sines, float *out,
                     size_t tokens, size_t heads, size_t half, size_t out_stride) {
  size_t width = 2 * half;
  for (size_t t = 0; t < tokens; t++) {
    const float *restrict cosine = cosines + t * half, *restrict sine = sines + t * half;
    for (size_t h = 0; h < heads; h++) {
      const float *restrict low = in + (t * heads + h) * width, *restrict high = low + half;
      float *restrict to = out + h * out_stride + t * width;
      for (size_t i = 0; i < half; i++) {
        to[i] = low[i] * cosine[i] - high[i] * sine[i];
        to[half + i] = high[i] * cosine[i] + low[i] * sine[i];
      }
    }
  }
}

void bstk_split_heads(const float *in, float *out, size_t tokens, size_t heads, size_t width,
                      size_t out_stride) {
  for (size_t t = 0; t < tokens; t++)
    for (size_t h = 0; h < heads; h++)
      memcpy(out + h * out_stride + t * width, in + (t * heads + h) * width, width * sizeof *in);
}

void bstk_merge_head(const float *in, float *out, size_t tokens, size_t head, size_t width,
                     size_t out_stride) {
  for (size_t t = 0; t < tokens; t++)
    memcpy(out + t * out_stride + head * width, in + t * width, width * sizeof *in);
}

void bstk_masked_softmax(float *scores, size_t rows, size_t columns, size_t first_query,
                         size_t first_key, size_t window, float scale) {
  for (size_t r = 0; r < rows; r++, scores += columns) {
    size_t query = first_query + r;
    size_t end = query + 1 - first_key;
    if (end > columns) end = columns;
    size_t start = window > 0 && query + 1 > first_key + window ? query + 1 - first_key - window : 0;
    float *row = scores + start;
    size_t count = end - start;
    float top = maximum(row, count) * scale;
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
      for (size_t j = 0; j < LANES; j++) {
        float e = bstk_exp_nonpositive(row[i + j] * scale - top);
        row[i + j] = e;
        lanes[j] += e;
      }
    float total = bstk_lane_total(lanes);
    for (; i < count; i++) total += row[i] = bstk_exp_nonpositive(row[i] * scale - top);
    float inverse = 1.0f / total;
    for (size_t c = 0; c < count; c++) row[c] *= inverse;
    memset(scores, 0, start * sizeof *scores);
    memset(scores + end, 0, (columns - end) * sizeof *scores);
  }
}

void bstk_silu_multiply(float *gate, const float *up, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float x = gate[i];
    // exp only of nonpositive numbers: sigmoid(x) = 1 - sigmoid(-x), without cancellation.
    float e = bstk_exp_nonpositive(x > 0 ? -x : x);
    float numerator = x > 0 ? 1.0f : e;
    gate[i] = x * (numerator / (1.0f + e)) * up[i];
  }
}

void bstk_add(float *x, const float *y, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] += y[i];
}

void bstk_add_bias(float *x, const float *bias, size_t rows, size_t width) {
  for (size_t r = 0; r < rows; r++, x += width)
    for (size_t c = 0; c < width; c++) x[c] += bias[c];
}

double bstk_log_probability(const float *logits, size_t count, size_t target) {
  float top = maximum(logits, count);
  double lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t j = 0; j < LANES; j++)
      lanes[j] += (double)bstk_exp_nonpositive(logits[i + j] - top);
  double total = 0;
  for (; i < count; i++) total += (double)bstk_exp_nonpositive(logits[i] - top);
  for (size_t j = 0; j < LANES; j++) total += lanes[j];
  return (double)logits[target] - (double)top - log(total);
}
