// What a thread tells the processor while it waits for another.
#pragma once

static inline void bstk_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
