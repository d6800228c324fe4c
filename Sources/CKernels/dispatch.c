#include "bstk_kernels.h"

const char *bstk_kernels_name(void) { return "scalar"; }
