// Sums of calibration and of comparing output distributions. No allocation, no global state.
#pragma once
#include <stddef.h>

/// sums[i] += x[i]^2, in double precision.
void bstk_add_squares(const float *x, double *sums, size_t count);

/// sum_i p_i (ln p_i - ln q_i) in nats, where p and q are the softmax of two rows of logits; summed
/// in double precision. Not finite where a logit is not. count > 0.
double bstk_kl_divergence(const float *p, const float *q, size_t count);
