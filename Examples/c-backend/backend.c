// A backend in plain C: the truncated exponential and real spherical harmonics up to degree 2.
//
//   cc -O2 -fPIC -shared -I ../../Sources/CGoldenBackend/include backend.c -o libexample.so -lm
//   pvd golden run --backend ./libexample.so ../../Fixtures/golden

#include "pvd_backend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const pvd_tensor *find(const pvd_tensor *tensors, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; i++) {
    if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
  }
  return 0;
}

static int64_t elements(const pvd_tensor *tensor) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < tensor->rank; axis++) count *= tensor->shape[axis];
  return count;
}

static int32_t refuse(const pvd_call *call, int32_t code, const char *reason) {
  snprintf(call->message, (size_t)call->message_capacity, "%s", reason);
  return code;
}

static float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

// y = exp(x); the gradient is that of exp at x clamped to ±12.
static int32_t trunc_exp(const pvd_call *call) {
  const pvd_tensor *x = find(call->inputs, call->input_count, "in.x");
  const pvd_tensor *g = find(call->inputs, call->input_count, "cotangent.y");
  const pvd_tensor *y = find(call->outputs, call->output_count, "out.y");
  const pvd_tensor *gx = find(call->outputs, call->output_count, "grad.in.x");
  if (!x || !y) return refuse(call, PVD_FAILED, "in.x or out.y is missing");
  const float *in = x->data;
  for (int64_t i = 0; i < elements(x); i++) {
    ((float *)y->data)[i] = expf(in[i]);
    if (g && gx) ((float *)gx->data)[i] = ((float *)g->data)[i] * expf(clamp(in[i], -12, 12));
  }
  return PVD_DONE;
}

// Y₀ and the three functions of band 1: −c y, c z, −c x.
static int32_t sh_encoding(const pvd_call *call) {
  const pvd_tensor *d = find(call->inputs, call->input_count, "in.dirs");
  const pvd_tensor *g = find(call->inputs, call->input_count, "cotangent.y");
  const pvd_tensor *y = find(call->outputs, call->output_count, "out.y");
  const pvd_tensor *gd = find(call->outputs, call->output_count, "grad.in.dirs");
  if (!d || !y || y->rank != 2) return refuse(call, PVD_FAILED, "in.dirs or out.y is missing");
  int64_t width = y->shape[1];
  if (width > 4) return refuse(call, PVD_UNSUPPORTED, "degrees above 2");
  const float c = 0.48860251190291987f;
  for (int64_t s = 0; s < d->shape[0]; s++) {
    const float *v = (const float *)d->data + 3 * s;
    const float values[4] = {0.28209479177387814f, -c * v[1], c * v[2], -c * v[0]};
    memcpy((float *)y->data + width * s, values, (size_t)width * sizeof(float));
    if (!g || !gd || width < 4) continue;
    const float *cotangent = (const float *)g->data + width * s;
    float *gradient = (float *)gd->data + 3 * s;
    gradient[0] = -c * cotangent[3];
    gradient[1] = -c * cotangent[1];
    gradient[2] = c * cotangent[2];
  }
  return PVD_DONE;
}

static int32_t supports(const char *operation) {
  return strcmp(operation, "trunc_exp") == 0 || strcmp(operation, "sh_encoding") == 0;
}

static int32_t run(const pvd_call *call) {
  if (call->precision != PVD_FLOAT32) return refuse(call, PVD_UNSUPPORTED, "single precision only");
  if (strcmp(call->operation, "trunc_exp") == 0) return trunc_exp(call);
  if (strcmp(call->operation, "sh_encoding") == 0) return sh_encoding(call);
  return refuse(call, PVD_UNSUPPORTED, "unknown operation");
}

const pvd_backend *pvd_backend_get(uint32_t version) {
  static const pvd_backend backend = {
      .version = PVD_BACKEND_VERSION,
      .size = sizeof(pvd_backend),
      .name = "example in C",
      .supports = supports,
      .run = run,
  };
  return version == PVD_BACKEND_VERSION ? &backend : 0;
}
