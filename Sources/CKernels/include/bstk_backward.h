// The steps of bstk_transformer.h backwards: each turns the gradient of a loss by a step's output
// into that by its input. fp32, row-major; every pointer covers exactly the elements its comment
// names. No allocation, no global state; sums run in one fixed order.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Adds to gradient the gradient by x of the RMSNorm of x, given out_gradient by its output; x,
/// out_gradient and gradient: rows x width.
void bstk_rms_norm_backward(const float *x, const float *weight, const float *out_gradient,
                            float *gradient, size_t rows, size_t width, float epsilon);

/// bstk_rope_split backwards: rotates by the transposed rotation and puts heads back into rows.
/// in: heads blocks of in_stride floats, the first tokens * 2 * half of each read;
/// cosines, sines: tokens x half; out: tokens x (heads * 2 * half).
void bstk_rope_merge(const float *in, const float *cosines, const float *sines, float *out,
                     size_t tokens, size_t heads, size_t half, size_t in_stride);

/// gradient by the scores of bstk_masked_softmax, in place of that by its output: for each row
/// gradient[c] = scale * p[c] * (gradient[c] - sum_k p[k] * gradient[k]). Keys that do not count
/// have p = 0, and so no gradient. p, gradient: rows x columns.
void bstk_softmax_backward(const float *p, float *gradient, size_t rows, size_t columns,
                           float scale);

/// bstk_silu_multiply backwards: gate and up, as they were before it, become the gradients by
/// them, given out_gradient by its output; each of count elements.
void bstk_silu_multiply_backward(float *gate, float *up, const float *out_gradient, size_t count);

/// x becomes its softmax. count > 0.
void bstk_softmax(float *x, size_t count);

/// The index that a uniform number in 0 ..< 1 draws from a distribution: the first whose sum of p
/// up to and including it exceeds uniform times the sum of all. count > 0.
size_t bstk_draw(const float *p, size_t count, double uniform);

/// sums[i] += p[i] * (1 - p[i]), in double precision. Returns the sum of what was added.
double bstk_add_variances(const float *p, double *sums, size_t count);

/// The sum of x[i]^2, in double precision.
double bstk_sum_of_squares(const float *x, size_t count);

/// x[i] *= factor.
void bstk_scale(float *x, float factor, size_t count);
