#include "bstk_memory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <features.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

void bstk_return_free_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
