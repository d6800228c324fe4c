// What the steps of a transformer and their gradients share; private to this target.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Reductions run over this many lanes, so that compilers vectorise them.
enum { LANES = 16 };

/// The lanes of a sum, added in order.
static inline float bstk_lane_total(const float lanes[LANES]) {
  float total = 0;
  for (size_t i = 0; i < LANES; i++) total += lanes[i];
  return total;
}

/// e^x to about one unit in the last place for x <= 0; 0 below -87, NaN of NaN. libm's expf does
/// not vectorise. The clamps keep the conversion to an integer defined whatever a model holds.
static inline float bstk_exp_nonpositive(float x) {
  const float log2e = 1.44269504088896341f;
  const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  float clamped = x > -87.0f ? x : -87.0f;
  clamped = clamped < 0.0f ? clamped : 0.0f;
  int32_t n = (int32_t)(clamped * log2e - 0.5f);
  float nf = (float)n;
  float r = clamped - nf * ln2_high - nf * ln2_low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits = (n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return x > -87.0f ? p * power : x == x ? 0.0f : x;
}
