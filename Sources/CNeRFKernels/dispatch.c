// Compiles kernels.inc once per instruction set and chooses a table at run time.

#include "CNeRFKernels.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && defined(__clang__)
#include <immintrin.h>
#endif

#define PVD_JOIN2(a, b) a##b
#define PVD_JOIN(a, b) PVD_JOIN2(a, b)
#define PVD_NAME(f) PVD_JOIN(PVD_JOIN(f, _), PVD_SET)

// base: whatever the compiler may assume without flags (SSE2 on x86-64, NEON on arm64).
#define PVD_SET base
#define PVD_SET_NAME "base"
#define PVD_WIDTH 4
#define PVD_DENSE_ROWS 4
#define PVD_DENSE_COLUMNS 2
#define PVD_OUTER_ROWS 3
#define PVD_SUM_ROWS 4
#define PVD_SUM_COLUMNS 2
#define PVD_HAS_FMA 0
#include "kernels.inc"
#undef PVD_SET
#undef PVD_SET_NAME
#undef PVD_WIDTH
#undef PVD_DENSE_ROWS
#undef PVD_DENSE_COLUMNS
#undef PVD_OUTER_ROWS
#undef PVD_SUM_ROWS
#undef PVD_SUM_COLUMNS
#undef PVD_HAS_FMA

#if defined(__x86_64__) && defined(__clang__)
#define PVD_X86_SETS 1

// v3: AVX2 and FMA; sixteen registers of eight floats.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define PVD_SET v3
#define PVD_SET_NAME "v3"
#define PVD_WIDTH 8
#define PVD_DENSE_ROWS 6
#define PVD_DENSE_COLUMNS 2
#define PVD_OUTER_ROWS 3
#define PVD_SUM_ROWS 6
#define PVD_SUM_COLUMNS 2
#define PVD_HAS_FMA 1
#include "kernels.inc"
#undef PVD_SET
#undef PVD_SET_NAME
#undef PVD_WIDTH
#undef PVD_DENSE_ROWS
#undef PVD_DENSE_COLUMNS
#undef PVD_OUTER_ROWS
#undef PVD_SUM_ROWS
#undef PVD_SUM_COLUMNS
#undef PVD_HAS_FMA
#pragma clang attribute pop

// v4: AVX-512; thirty-two registers of sixteen floats.
#pragma clang attribute push(                                                                      \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define PVD_SET v4
#define PVD_SET_NAME "v4"
#define PVD_WIDTH 16
#define PVD_DENSE_ROWS 6
#define PVD_DENSE_COLUMNS 4
#define PVD_OUTER_ROWS 4
#define PVD_SUM_ROWS 8
#define PVD_SUM_COLUMNS 2
#define PVD_HAS_FMA 1
#include "kernels.inc"
#undef PVD_SET
#undef PVD_SET_NAME
#undef PVD_WIDTH
#undef PVD_DENSE_ROWS
#undef PVD_DENSE_COLUMNS
#undef PVD_OUTER_ROWS
#undef PVD_SUM_ROWS
#undef PVD_SUM_COLUMNS
#undef PVD_HAS_FMA
#pragma clang attribute pop
#endif

const pvd_kernels *pvd_kernels_named(const char *name) {
  if (strcmp(name, "base") == 0) return &kernels_base;
#ifdef PVD_X86_SETS
  __builtin_cpu_init();
  int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
  int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  if (strcmp(name, "v3") == 0 && v3) return &kernels_v3;
  if (strcmp(name, "v4") == 0 && v4) return &kernels_v4;
#endif
  return 0;
}

const pvd_kernels *pvd_kernels_best(void) {
  static const pvd_kernels *chosen;
  const pvd_kernels *table = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);
  if (table) return table;
  const char *wanted = getenv("PVD_ISA");
  if (wanted && *wanted) table = pvd_kernels_named(wanted);
  if (!table) table = pvd_kernels_named("v4");
  if (!table) table = pvd_kernels_named("v3");
  if (!table) table = &kernels_base;
  // Two threads may both get here; they store the same pointer.
  __atomic_store_n(&chosen, table, __ATOMIC_RELEASE);
  return table;
}
