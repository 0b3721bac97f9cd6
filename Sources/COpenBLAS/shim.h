#ifndef COpenBLAS_shim_h
#define COpenBLAS_shim_h

// A missing library must name its package, not fail somewhere in the middle of the build.
#if __has_include(<cblas.h>)
#include <cblas.h>
#else
#error "swift-pvd needs OpenBLAS. Install it with: apt-get install libopenblas-dev (or run Scripts/setup.sh)"
#endif

#endif
