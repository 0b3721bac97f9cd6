// The interfaces are headers; a C target needs one source file.
#include "pvd_backend.h"
#include "pvd_golden.h"
