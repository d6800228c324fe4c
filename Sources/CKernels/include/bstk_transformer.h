// Element-wise steps of a decoder-only transformer, in fp32. All matrices are row-major; every
// pointer covers exactly the elements its comment names. No allocation, no global state.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// out[r,c] = weight[c] * x[r,c] / sqrt(mean(x[r,:]^2) + epsilon); x, out: rows x width.
void bstk_rms_norm(const float *x, const float *weight, float *out, size_t rows, size_t width,
                   float epsilon);

/// Splits token-major rows into heads and rotates them by their positions (half-split pairs, as
/// Hugging Face checkpoints are laid out).
/// in: tokens x (heads * 2 * half); cosines, sines: tokens x half;
/// out: heads blocks of out_stride floats, the first tokens * 2 * half of each written.
void bstk_rope_split(const float *in, const float *cosines, const float *sines, float *out,
                     size_t tokens, size_t heads, size_t half, size_t out_stride);

/// The same without rotation, for values. in: tokens x (heads * width).
void bstk_split_heads(const float *in, float *out, size_t tokens, size_t heads, size_t width,
                      size_t out_stride);

/// Puts one head's rows back: out[t, head * width + c] = in[t * width + c], rows of out_stride.
void bstk_merge_head(const float *in, float *out, size_t tokens, size_t head, size_t width,
                     size_t out_stride);

/// Scaled, masked softmax over each row of scores (rows x columns), in place. Row r belongs to the
/// query at position first_query + r, column c to the key at first_key + c. A key counts when it
/// is not after the query and, where window > 0, less than window positions before it; the others
/// become 0. Each row must have at least one key that counts.
void bstk_masked_softmax(float *scores, size_t rows, size_t columns, size_t first_query,
                         size_t first_key, size_t window, float scale);

/// gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i].
void bstk_silu_multiply(float *gate, const float *up, size_t count);

/// x[i] += y[i].
void bstk_add(float *x, const float *y, size_t count);

/// x[r,c] += bias[c]; x: rows x width.
void bstk_add_bias(float *x, const float *bias, size_t rows, size_t width);

/// The natural logarithm of softmax(logits)[target], summed in double precision; target < count.
double bstk_log_probability(const float *logits, size_t count, size_t target);
