#include "bstk_calibration.h"

#include <math.h>

void bstk_add_squares(const float *x, double *sums, size_t count) {
  for (size_t i = 0; i < count; i++) sums[i] += (double)x[i] * (double)x[i];
}

static float maximum(const float *x, size_t count) {
  float best = x[0];
  for (size_t i = 1; i < count; i++) best = x[i] > best ? x[i] : best;
  return best;
}

double bstk_kl_divergence(const float *p, const float *q, size_t count) {
  const float p_max = maximum(p, count), q_max = maximum(q, count);
  double p_sum = 0, q_sum = 0, cross = 0;
  for (size_t i = 0; i < count; i++) {
    const double weight = exp((double)p[i] - p_max);
    p_sum += weight;
    q_sum += exp((double)q[i] - q_max);
    cross += weight * (((double)p[i] - p_max) - ((double)q[i] - q_max));
  }
  return cross / p_sum - log(p_sum) + log(q_sum);
}
