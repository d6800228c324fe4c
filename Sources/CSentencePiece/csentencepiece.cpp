#include "csentencepiece.h"

#include <cstdlib>
#include <cstring>

#if __has_include(<sentencepiece_processor.h>)

#include <sentencepiece_processor.h>

#include <exception>
#include <memory>
#include <string_view>
#include <vector>

struct bstk_sentencepiece {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

void write(const char *reason, char *message, size_t capacity) {
  if (capacity == 0) return;
  const size_t length = strnlen(reason, capacity - 1);
  std::memcpy(message, reason, length);
  message[length] = 0;
}

std::string_view view(const uint8_t *bytes, size_t count) {
  return {reinterpret_cast<const char *>(bytes), count};
}

}  // namespace

bool bstk_sentencepiece_is_available(void) { return true; }

bstk_sentencepiece *bstk_sentencepiece_load(
    const uint8_t *bytes, size_t count, char *message, size_t capacity) {
  try {
    auto model = std::make_unique<bstk_sentencepiece>();
    const auto status = model->processor.LoadFromSerializedProto(view(bytes, count));
    if (status.ok()) return model.release();
    write(status.error_message(), message, capacity);
  } catch (const std::exception &error) {
    write(error.what(), message, capacity);
  } catch (...) {
    write("unknown failure", message, capacity);
  }
  return nullptr;
}

void bstk_sentencepiece_free(bstk_sentencepiece *model) { delete model; }

int32_t *bstk_sentencepiece_encode(
    const bstk_sentencepiece *model, const uint8_t *text, size_t count, size_t *id_count) {
  *id_count = 0;
  try {
    std::vector<int> ids;
    if (!model->processor.Encode(view(text, count), &ids).ok()) return nullptr;
    // One more, since an empty array may be NULL.
    auto *copy = static_cast<int32_t *>(std::malloc((ids.size() + 1) * sizeof(int32_t)));
    if (copy == nullptr) return nullptr;
    for (size_t index = 0; index < ids.size(); ++index) copy[index] = ids[index];
    *id_count = ids.size();
    return copy;
  } catch (...) {
    return nullptr;
  }
}

void bstk_sentencepiece_free_ids(int32_t *ids) { std::free(ids); }

#else

bool bstk_sentencepiece_is_available(void) { return false; }

bstk_sentencepiece *bstk_sentencepiece_load(
    const uint8_t *, size_t, char *message, size_t capacity) {
  if (capacity > 0) message[0] = 0;
  return nullptr;
}

void bstk_sentencepiece_free(bstk_sentencepiece *) {}

int32_t *bstk_sentencepiece_encode(
    const bstk_sentencepiece *, const uint8_t *, size_t, size_t *id_count) {
  *id_count = 0;
  return nullptr;
}

void bstk_sentencepiece_free_ids(int32_t *) {}

#endif
