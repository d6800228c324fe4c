// Blocks of GGUF files, one element after the other: reading them costs less than the disk does.
#include "bstk_gguf.h"

#include "bstk_kernels.h"

#include <math.h>
#include <string.h>

// A product and a sum round one after the other, on every processor.
#pragma STDC FP_CONTRACT OFF

enum { QK = 32, QK_K = 256 };

static inline float half_at(const uint8_t *in) {
  uint16_t bits = (uint16_t)(in[0] | in[1] << 8);
  float value;
  bstk_f16_to_f32(&bits, &value, 1);
  return value;
}

static inline void put_half(float value, uint8_t *out) {
  uint16_t bits;
  bstk_f32_to_f16(&value, &bits, 1);
  out[0] = (uint8_t)bits;
  out[1] = (uint8_t)(bits >> 8);
}

static inline uint32_t word_at(const uint8_t *in) {
  return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void decode_q4_0(const uint8_t *in, float *out) {
  float d = half_at(in);
  for (int i = 0; i < QK / 2; i++) {
    out[i] = d * (float)((in[2 + i] & 15) - 8);
    out[i + QK / 2] = d * (float)((in[2 + i] >> 4) - 8);
  }
}

static void decode_q4_1(const uint8_t *in, float *out) {
  float d = half_at(in), m = half_at(in + 2);
  for (int i = 0; i < QK / 2; i++) {
    float low = d * (float)(in[4 + i] & 15), high = d * (float)(in[4 + i] >> 4);
    out[i] = low + m;
    out[i + QK / 2] = high + m;
  }
}

static void decode_q5_0(const uint8_t *in, float *out) {
  float d = half_at(in);
  uint32_t fifth = word_at(in + 2);
  for (int i = 0; i < QK / 2; i++) {
    int low = (in[6 + i] & 15) | (int)(fifth >> i & 1) << 4;
    int high = in[6 + i] >> 4 | (int)(fifth >> (i + QK / 2) & 1) << 4;
    out[i] = d * (float)(low - 16);
    out[i + QK / 2] = d * (float)(high - 16);
  }
}

static void decode_q5_1(const uint8_t *in, float *out) {
  float d = half_at(in), m = half_at(in + 2);
  uint32_t fifth = word_at(in + 4);
  for (int i = 0; i < QK / 2; i++) {
    float low = d * (float)((in[8 + i] & 15) | (int)(fifth >> i & 1) << 4);
    float high = d * (float)(in[8 + i] >> 4 | (int)(fifth >> (i + QK / 2) & 1) << 4);
    out[i] = low + m;
    out[i + QK / 2] = high + m;
  }
}

static void decode_q8_0(const uint8_t *in, float *out) {
  float d = half_at(in);
  for (int i = 0; i < QK; i++) out[i] = (float)(int8_t)in[2 + i] * d;
}

/// The 6-bit scale and minimum of the eight groups of a K block.
static void scales_of(const uint8_t *in, int group, int *scale, int *minimum) {
  if (group < 4) {
    *scale = in[group] & 63;
    *minimum = in[group + 4] & 63;
  } else {
    *scale = (in[group + 4] & 15) | (in[group - 4] >> 6) << 4;
    *minimum = in[group + 4] >> 4 | (in[group] >> 6) << 4;
  }
}

static void decode_k(const uint8_t *in, const uint8_t *fifth, const uint8_t *low, float *out) {
  float d = half_at(in), dmin = half_at(in + 2);
  for (int group = 0; group < 8; group++) {
    int scale, minimum;
    scales_of(in + 4, group, &scale, &minimum);
    float step = d * (float)scale, offset = dmin * (float)minimum;
    for (int i = 0; i < 32; i++) {
      int q = low[32 * (group / 2) + i] >> 4 * (group & 1) & 15;
      if (fifth) q |= (fifth[i] >> group & 1) << 4;
      float product = step * (float)q;
      out[32 * group + i] = product - offset;
    }
  }
}

static void decode_q4_k(const uint8_t *in, float *out) { decode_k(in, NULL, in + 16, out); }

static void decode_q5_k(const uint8_t *in, float *out) { decode_k(in, in + 16, in + 48, out); }

static void decode_q6_k(const uint8_t *in, float *out) {
  const uint8_t *low = in, *high = in + 128, *scales = in + 192;
  float d = half_at(in + 208);
  for (int i = 0; i < QK_K; i++) {
    // Two halves of 128 elements: four runs of 32, the lower two in the low bits of 64 bytes.
    int half = i / 128, run = i / 32 % 4, column = i % 32;
    int q = low[64 * half + 32 * (run & 1) + column] >> 4 * (run >> 1) & 15;
    q |= (high[32 * half + column] >> 2 * run & 3) << 4;
    float step = d * (float)(int8_t)scales[i / 16];
    out[i] = step * (float)(q - 32);
  }
}

int bstk_gguf_decode(uint32_t type, const uint8_t *in, float *out, size_t blocks) {
  void (*decode)(const uint8_t *, float *);
  size_t bytes, elements = QK;
  switch (type) {
    case 2: decode = decode_q4_0, bytes = 18; break;
    case 3: decode = decode_q4_1, bytes = 20; break;
    case 6: decode = decode_q5_0, bytes = 22; break;
    case 7: decode = decode_q5_1, bytes = 24; break;
    case 8: decode = decode_q8_0, bytes = 34; break;
    case 12: decode = decode_q4_k, bytes = 144, elements = QK_K; break;
    case 13: decode = decode_q5_k, bytes = 176, elements = QK_K; break;
    case 14: decode = decode_q6_k, bytes = 210, elements = QK_K; break;
    default: return 0;
  }
  for (size_t i = 0; i < blocks; i++) decode(in + i * bytes, out + i * elements);
  return 1;
}

void bstk_gguf_encode_q8_0(const float *in, uint8_t *out, size_t blocks) {
  for (size_t block = 0; block < blocks; block++, in += QK, out += QK + 2) {
    float largest = 0;
    for (int i = 0; i < QK; i++) largest = fmaxf(largest, fabsf(in[i]));
    float d = largest / 127, inverse = d == 0 ? 0 : 1 / d;
    put_half(d, out);
    for (int i = 0; i < QK; i++) {
      float scaled = in[i] * inverse, size = fabsf(scaled);
      // Not so where the inverse of a tiny scale is infinite.
      int whole = size < 128 ? (int)size : 0;
      if (size < 128) whole += (int)(2 * (size - (float)whole));
      out[2 + i] = (uint8_t)(scaled < 0 ? -whole : whole);
    }
  }
}

void bstk_gguf_encode_q4_0(const float *in, uint8_t *out, size_t blocks) {
  for (size_t block = 0; block < blocks; block++, in += QK, out += QK / 2 + 2) {
    // The first of equals, and of zeros its sign.
    float largest = 0, extreme = in[0];
    for (int i = 0; i < QK; i++) {
      if (fabsf(in[i]) > largest) largest = fabsf(in[i]), extreme = in[i];
    }
    float d = extreme / -8, inverse = d == 0 ? 0 : 1 / d;
    put_half(d, out);
    uint8_t codes[QK];
    for (int i = 0; i < QK; i++) {
      float scaled = in[i] * inverse, shifted = scaled + 8.5f;
      codes[i] = shifted >= 15 ? 15 : shifted > 0 ? (uint8_t)shifted : 0;
    }
    for (int i = 0; i < QK / 2; i++) {
      out[2 + i] = (uint8_t)(codes[i] | codes[i + QK / 2] << 4);
    }
  }
}
