// The interface is a header; a C target needs one source file.
#include "pvd_backend.h"
