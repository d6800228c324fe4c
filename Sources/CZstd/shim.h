// The one door to libzstd. Nothing in its API is variadic, so no wrapper is needed.
#include <zstd.h>
#include <zstd_errors.h>
