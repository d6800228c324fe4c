// Vectors of 512 bits for packed_chunk.h, which forgets them; the includer says NAME and ADD_DOT.
#define VECTOR __m512i
#define VECTOR_BYTES 64
#define ZERO _mm512_setzero_si512
#define LOW8 _mm512_unpacklo_epi8
#define HIGH8 _mm512_unpackhi_epi8
#define LOW16 _mm512_unpacklo_epi16
#define HIGH16 _mm512_unpackhi_epi16
#define LOW32 _mm512_unpacklo_epi32
#define HIGH32 _mm512_unpackhi_epi32
#define TRANSPOSED(v) _mm512_gf2p8affine_epi64_epi8(_mm512_set1_epi64(COLUMN_BITS), v, 0)
#define FIELD(v, shift, mask) \
  _mm512_and_si512(_mm512_srli_epi16(v, (unsigned)(shift)), _mm512_set1_epi8(mask))
#define LOAD(from) _mm512_loadu_si512(from)
#define STORE(to, v) _mm512_storeu_si512(to, v)
#define SUMS __m512i
#define NO_SUMS _mm512_setzero_si512
#define TOTAL(sums, count) (sums)
#include "packed_chunk.h"
