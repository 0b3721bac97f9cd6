// A declaration of <sched.h> that Swift's importer does not see, because it is an extension.
#define _GNU_SOURCE
#include "CNeRFKernels.h"

#if defined(__linux__)
#include <sched.h>

int pvd_allowed_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return CPU_COUNT(&set);
}
#else
int pvd_allowed_processors(void) { return 0; }
#endif
