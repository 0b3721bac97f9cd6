#ifndef CZlib_shim_h
#define CZlib_shim_h

// A missing library must name its package, not fail somewhere in the middle of the build.
#if __has_include(<zlib.h>)
#include <zlib.h>
#else
#error "swift-pvd needs zlib. Install it with: apt-get install zlib1g-dev (or run Scripts/setup.sh)"
#endif

#endif
