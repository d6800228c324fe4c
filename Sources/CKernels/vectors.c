// Magnitude vectors in their stored types.
#include <math.h>
#include <string.h>

#include "bstk_kernels.h"
#include "bstk_packed.h"

/// One octave of log8: 2^(-e) times 2^(-j/16), exact, so that values do not depend on a maths library.
#define OCTAVE(e)                                                                            \
      0x1p-##e * 1, 0x1p-##e * 0.9576032806985737, 0x1p-##e * 0.9170040432046712, \
      0x1p-##e * 0.8781260801866497, 0x1p-##e * 0.8408964152537145, 0x1p-##e * 0.8052451659746271, \
      0x1p-##e * 0.7711054127039704, 0x1p-##e * 0.7384130729697497, 0x1p-##e * 0.7071067811865476, \
      0x1p-##e * 0.6771277734684463, 0x1p-##e * 0.6484197773255048, 0x1p-##e * 0.620928906036742, \
      0x1p-##e * 0.5946035575013605, 0x1p-##e * 0.5693943173783458, 0x1p-##e * 0.5452538663326288, \
      0x1p-##e * 0.5221368912137069

static const double log8_factors[256] = {
    OCTAVE(0), OCTAVE(1), OCTAVE(2),  OCTAVE(3),  OCTAVE(4),  OCTAVE(5),  OCTAVE(6),  OCTAVE(7),
    OCTAVE(8), OCTAVE(9), OCTAVE(10), OCTAVE(11), OCTAVE(12), OCTAVE(13), OCTAVE(14), OCTAVE(15),
};

static float scale_at(const uint8_t *bytes, size_t component) {
  float scale;
  memcpy(&scale, bytes + 4 * component, sizeof scale);
  return scale;
}

static float log8_value(float scale, uint8_t byte) {
  // A scale that is no number is passed on whatever the byte.
  if (byte == 255 && isfinite(scale)) return 0;
  return (float)((double)scale * log8_factors[byte]);
}

void bstk_decode_vectors(enum bstk_vector_type type, const uint8_t *bytes, size_t rank,
                         size_t divisor, size_t modulus, size_t first, size_t count, float *out) {
  switch (type) {
    case BSTK_VECTOR_FP16:
      bstk_f16_to_f32((const uint16_t *)(const void *)bytes + first, out, count);
      return;
    case BSTK_VECTOR_BF16:
      bstk_bf16_to_f32((const uint16_t *)(const void *)bytes + first, out, count);
      return;
    case BSTK_VECTOR_INT8:
    case BSTK_VECTOR_LOG8: break;
  }
  const uint8_t *stored = bytes + 4 * rank + first;
  if (rank > 1) {
    for (size_t i = 0; i < count; i++) {
      float scale = scale_at(bytes, (first + i) / divisor % modulus);
      out[i] = type == BSTK_VECTOR_INT8 ? scale * (float)(int8_t)stored[i]
                                        : log8_value(scale, stored[i]);
    }
    return;
  }
  float scale = scale_at(bytes, 0);
  if (type == BSTK_VECTOR_INT8)
    for (size_t i = 0; i < count; i++) out[i] = scale * (float)(int8_t)stored[i];
  else
    for (size_t i = 0; i < count; i++) out[i] = log8_value(scale, stored[i]);
}

void bstk_copy_signs(const uint8_t *signs, size_t first, size_t count, uint8_t *out) {
  const uint8_t *from = signs + first / 8;
  const unsigned shift = first % 8;
  const size_t bytes = (count + 7) / 8, read = (shift + count + 7) / 8;
  size_t i = 0;
  if (!shift) {
    memcpy(out, from, bytes);
    i = bytes;
  }
  for (; i + 9 <= read; i += 8) {
    uint64_t window;
    memcpy(&window, from + i, sizeof window);
    window = __builtin_bswap64(window) << shift | from[i + 8] >> (8 - shift);
    window = __builtin_bswap64(window);
    memcpy(out + i, &window, sizeof window);
  }
  for (; i < bytes; i++) {
    unsigned next = i + 1 < read ? from[i + 1] : 0;
    out[i] = (uint8_t)((from[i] << 8 | next) << shift >> 8);
  }
  if (count % 8) out[bytes - 1] &= (uint8_t)(0xff00 >> count % 8);
}
