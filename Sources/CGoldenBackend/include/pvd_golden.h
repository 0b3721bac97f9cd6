#ifndef PVD_GOLDEN_H
#define PVD_GOLDEN_H

// What libPVDGolden.so offers beside pvd_backend_get, by which this library is itself a backend.

#include "pvd_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

// Receives one tensor; it is valid during the call only.
typedef void (*pvd_emit)(const pvd_tensor *tensor, void *context);

// Answers a call with this library. The outputs of `call` may be left out: every answer is emitted, flat
// where its shape was not asked for. Returns PVD_DONE or another code with a message, as pvd_backend.run.
int32_t pvd_reference_answer(const pvd_call *call, pvd_emit emit, void *context);

// Compares answers with the case in a file. Writes a report as JSON, zero-terminated: the fields of one
// record of `pvd golden verify --json`, and `details`, lines for people. Returns the length of the report
// in bytes without the zero (more than capacity - 1 if it was cut), or -1 with a message in its place.
int64_t pvd_golden_compare(const char *case_file, int32_t precision, const pvd_tensor *answers,
                           int32_t answer_count, char *report, int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif
