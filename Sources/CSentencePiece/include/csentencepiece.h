// A C door to libsentencepiece. No C++ type and no exception comes through; without the library
// at build time every model is refused.
#ifndef BSTK_CSENTENCEPIECE_H
#define BSTK_CSENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded model.
typedef struct bstk_sentencepiece bstk_sentencepiece;

/// Whether the library was there when this was built.
bool bstk_sentencepiece_is_available(void);

/// Loads a serialized model, of which it keeps a copy. Returns NULL where that fails, with the
/// reason as a string in `message`, cut to `capacity` bytes.
///
/// The library trusts some numbers of a model: the caller has checked its character map, pieces
/// and scores.
bstk_sentencepiece *bstk_sentencepiece_load(
    const uint8_t *bytes, size_t count, char *message, size_t capacity);

/// Frees a model; NULL is allowed.
void bstk_sentencepiece_free(bstk_sentencepiece *model);

/// The ids of a UTF-8 text. Any number of threads may encode with one model. Returns NULL where
/// that fails; else an array of `*id_count` ids for `bstk_sentencepiece_free_ids`.
int32_t *bstk_sentencepiece_encode(
    const bstk_sentencepiece *model, const uint8_t *text, size_t count, size_t *id_count);

/// Frees what `bstk_sentencepiece_encode` returned; NULL is allowed.
void bstk_sentencepiece_free_ids(int32_t *ids);

#ifdef __cplusplus
}
#endif

#endif
