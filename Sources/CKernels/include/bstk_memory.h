// What the C library's allocator keeps and gives back.
#pragma once

/// Returns to the system the pages that the allocator holds and nobody uses, wherever they lie.
/// Does nothing where the C library does so by itself or cannot.
void bstk_return_free_memory(void);
