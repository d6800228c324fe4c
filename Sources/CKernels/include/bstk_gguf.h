// Blocks of quantized elements as GGUF files hold them: a scale or two, then a few bits an element.
// Every value is calculated in fp32 in the order in which the gguf package for Python does it, so
// that both give the same bits. No allocation, no global state.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Decodes blocks of one type, named by its number in the file: 2 Q4_0, 3 Q4_1, 6 Q5_0, 7 Q5_1,
/// 8 Q8_0 (32 elements a block), 12 Q4_K, 13 Q5_K, 14 Q6_K (256). Returns 0 for any other number.
int bstk_gguf_decode(uint32_t type, const uint8_t *in, float *out, size_t blocks);

/// Encodes finite elements as Q8_0; in: blocks x 32, out: blocks x 34 bytes.
void bstk_gguf_encode_q8_0(const float *in, uint8_t *out, size_t blocks);

/// Encodes finite elements as Q4_0; in: blocks x 32, out: blocks x 18 bytes.
void bstk_gguf_encode_q4_0(const float *in, uint8_t *out, size_t blocks);
