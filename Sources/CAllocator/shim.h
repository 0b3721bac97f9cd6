#ifndef CAllocator_shim_h
#define CAllocator_shim_h

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Tells the allocator to keep what is freed. Steps free what the next one asks for again; memory that was
// given back to the system in between costs a page fault per 4 KiB each time.
static inline void allocator_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
#endif
}

#endif
