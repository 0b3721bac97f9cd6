#ifndef PVD_BACKEND_H
#define PVD_BACKEND_H

// A backend under test behind a C interface: a shared library that exports pvd_backend_get.
//
//   pvd golden run --backend ./libmine.so Fixtures/golden
//
// The library is loaded into a process of its own for every call, so it may crash or hang without taking the
// run with it. Memory belongs to the caller and is valid during the call only.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raised when a struct below changes in a way that breaks libraries built for an older one.
#define PVD_BACKEND_VERSION 1u

enum {
  PVD_FLOAT32 = 0,
  PVD_FLOAT64 = 1,
  PVD_INT32 = 2,
  PVD_INT64 = 3,
  PVD_UINT8 = 4
};

// What pvd_backend.run returns.
enum {
  PVD_DONE = 0,
  PVD_UNSUPPORTED = 1, // a setting that the backend does not have; put it into message
  PVD_FAILED = 2       // anything else; put the reason into message
};

// A tensor. Element (i, j, …) lies at data + i*strides[0] + j*strides[1] + … bytes. Tensors handed to a
// backend are dense and row-major at present; a backend that honours the strides keeps working if that
// changes.
typedef struct {
  const char *name;       // as in the case file, for example "in.x"
  int32_t element_type;   // PVD_FLOAT32 …
  int32_t rank;           // 0 for a scalar
  const int64_t *shape;   // rank extents
  const int64_t *strides; // rank distances in bytes
  void *data;             // inputs are not to be written
} pvd_tensor;

// One call of one operation.
typedef struct {
  const char *operation; // for example "hash_grid_encoding"
  const char *case_name; // for messages
  const char *config;    // the settings as a JSON object
  int32_t precision;     // PVD_FLOAT32 or PVD_FLOAT64: the element type of floating-point outputs
  int32_t input_count;
  const pvd_tensor *inputs; // in., param. and cotangent. tensors; floating-point ones in `precision`
  int32_t output_count;
  const pvd_tensor *outputs; // out. and grad. tensors, zero-filled, to be written
  char *message;             // room for a reason, zero-terminated
  int64_t message_capacity;  // bytes of it
} pvd_call;

typedef struct {
  uint32_t version;    // PVD_BACKEND_VERSION
  uint32_t size;       // sizeof(pvd_backend): later versions append members
  const char *name;    // how reports name the backend
  int32_t (*supports)(const char *operation); // 1 or 0
  int32_t (*run)(const pvd_call *call);       // PVD_DONE …
} pvd_backend;

// What a backend exports. `version` is the caller's; return null if it is not understood.
const pvd_backend *pvd_backend_get(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif
