#ifndef CPNG_shim_h
#define CPNG_shim_h

// A missing library must name its package, not fail somewhere in the middle of the build.
#if __has_include(<png.h>)
#include <setjmp.h>
#include <stdio.h>
#include <png.h>
#else
#error "swift-pvd needs libpng. Install it with: apt-get install libpng-dev (or run Scripts/setup.sh)"
#endif

#endif
