// Numeric kernels of bstk. No allocation, no I/O, no global state but the cached dispatch.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Name of the instruction set the dispatcher chose: "scalar", "avx2" or "avx512".
const char *bstk_kernels_name(void);
