#ifndef CNERFKERNELS_H
#define CNERFKERNELS_H

#include <stdint.h>

// The hot loops of the Float path. One table of functions per instruction set; every function has a
// plain Swift twin in NeRFCore/Kernels/ReferenceKernels*.swift that defines what it computes.
//
// A "tile" holds up to PVD_TILE_CAPACITY samples, one row per feature; rows are PVD_TILE_STRIDE
// floats apart (17 cache lines, so that rows of a column do not share cache sets). Kernels on tiles
// process `count` columns, a multiple of PVD_TILE_STEP: the caller pads with harmless samples.

// Independent chains that hide the latency of a multiply-add.
enum { PVD_PEAK_CHAINS = 10 };

enum { PVD_TILE_CAPACITY = 256, PVD_TILE_STRIDE = 272, PVD_TILE_STEP = 64 };

// How an integer corner of a hash-grid level becomes a table row.
enum { PVD_INDEX_STRIDED = 0, PVD_INDEX_HASH_MASK = 1 };

// One level of a three-dimensional hash grid with two features.
typedef struct {
  float scale;        // cells per unit of the normalised position
  float shift;        // 0.5 for cell-centred grids, 0 for align_corners
  uint32_t side;      // rows per axis of a strided level
  uint32_t mask;      // rows - 1 for a hashed level with a power-of-two table
  int32_t index_mode; // PVD_INDEX_*
} pvd_hash_level;

// Extents of one plane and one line of a vector-matrix decomposition.
typedef struct {
  int32_t width, height, length; // texels of the plane's axes and of the line
} pvd_plane_line;

// A sample of a plane and its line: coordinates in [-1, 1], and the number of the sample.
typedef struct {
  float u, v, t;
  int32_t sample;
} pvd_plane_point;

// One factor of such a decomposition: a(c) = plane(c) * line(c) per channel, channels innermost, and
// outputs first_output + j with y_j = sum over c of mixing[j * mixing_stride + c] a(c).
typedef struct {
  const float *plane, *line, *mixing;
  int32_t channels, first_output, outputs, mixing_stride;
  float *plane_gradient, *line_gradient, *mixing_gradient; // the last may be null
} pvd_factor;

// Colours of samples: channel c of row k is base[k * row_step + c * channel_step].
typedef struct {
  const float *base;
  int64_t row_step, channel_step;
} pvd_colors;

// What one ray becomes, or the gradient with respect to it.
typedef struct {
  float color[3], opacity, depth, residual;
} pvd_pixel;

typedef struct {
  const char *name; // "base", "v3", "v4"

  // What the machine can do at most: `rounds` rounds of PVD_PEAK_CHAINS independent multiply-adds of
  // `lanes` floats. The value keeps the compiler from dropping them.
  float (*peak)(int64_t rounds);
  int32_t lanes;

  // y = W x (+ b), optionally followed by ReLU. W is [outputs][inputs].
  void (*dense_forward)(const float *weight, const float *bias, const float *x, float *y,
                        int32_t outputs, int32_t inputs, int32_t count, int32_t relu);
  // gx = W^T gy for `inputs` columns of W, whose rows are weight_stride apart; where `activation` (a
  // tile matrix, may be null) is <= 0, gx is 0.
  void (*dense_input_gradient)(const float *weight, int32_t weight_stride, const float *gy,
                               float *gx, const float *activation, int32_t outputs,
                               int32_t inputs, int32_t count);
  // A matrix as panels of panel_rows rows, each panel column by column; rows that the last one lacks are
  // 0. Element (o, i) of the matrix is matrix[o * row_step + i * column_step].
  int32_t panel_rows;
  void (*dense_pack)(const float *matrix, int64_t row_step, int64_t column_step, int32_t rows,
                     int32_t columns, float *panels);
  // The same numbers from panels of W and of W^T. `next` (may be null) is a matrix like x that will be
  // needed soon; it is brought nearer meanwhile.
  void (*dense_forward_packed)(const float *panels, const float *bias, const float *x,
                               const float *next, float *y, int32_t outputs, int32_t inputs,
                               int32_t count, int32_t relu);
  void (*dense_input_gradient_packed)(const float *panels, const float *gy, float *gx,
                                      const float *activation, int32_t outputs, int32_t inputs,
                                      int32_t count);
  // gW += gy x^T; gb += row sums of gy if gb is not null.
  void (*dense_weight_gradient)(const float *gy, const float *x, float *gw, float *gb,
                                int32_t outputs, int32_t inputs, int32_t count);

  // A tile matrix of `rows` rows to [count][rows], for any count, and the way back for whole steps.
  void (*tile_to_samples)(const float *x, int32_t rows, float *y, int32_t count);
  void (*samples_to_tile)(const float *x, int32_t rows, float *y, int32_t count);

  void (*exponential)(const float *x, float *y, int32_t count);
  void (*sigmoid)(const float *x, float *y, int32_t count);
  // Real spherical harmonics of bands 0 to degree - 1 (degree 1 to 4) into degree^2 rows.
  void (*spherical_harmonics4)(const float *x, const float *y, const float *z, float *out,
                               int32_t degree, int32_t count);
  // The sixteen of degree 4, one row of sixteen per direction. For any
  // count, and for results that are not read again soon.
  void (*spherical_harmonics_rows)(const float *x, const float *y, const float *z, float *out,
                                   int64_t count);
  // sin and cos of x * 2^k; rows out + (2k)*row_step and out + (2k+1)*row_step, k < bands.
  void (*frequency_bands)(const float *x, float *out, int32_t row_step, int32_t bands,
                          int32_t count);

  // Interpolated features of one level into out0 and out1, `count` numbers each (a multiple of
  // PVD_TILE_STEP). u is the normalised position; samples outside [0,1]^3 get zeros.
  void (*hash_forward)(const pvd_hash_level *level, const float *table, const float *ux,
                       const float *uy, const float *uz, float *out0, float *out1,
                       int64_t count);
  // Adds w * g to the eight table rows of every sample, in sample order; g0 and g1 are the two
  // feature gradients. Here count is any number of samples.
  void (*hash_backward)(const pvd_hash_level *level, float *table_gradient, const float *ux,
                        const float *uy, const float *uz, const float *g0, const float *g1,
                        int64_t count);

  // Adds the outputs of all factors to the rows points[k].sample of sums, for k < count.
  void (*plane_line_forward)(const pvd_plane_line *shape, const pvd_factor *factors,
                             int32_t factor_count, const pvd_plane_point *points, int64_t count,
                             float *sums, int64_t sum_stride);
  // Adds the gradients of planes, lines and mixing for output gradients stored like the sums.
  void (*plane_line_backward)(const pvd_plane_line *shape, const pvd_factor *factors,
                              int32_t factor_count, const pvd_plane_point *points, int64_t count,
                              const float *gradients, int64_t gradient_stride);

  // Trilinear look-up in [depth][height][width][channels] into `channels` rows.
  void (*volume_forward)(const float *volume, int32_t depth, int32_t height, int32_t width,
                         int32_t channels, const float *x, const float *y, const float *z,
                         float *out, int32_t count);
  // Adds the gradients (sample-major, [*][channels]) of the listed samples, in the order of the list.
  void (*volume_backward)(float *volume_gradient, int32_t depth, int32_t height, int32_t width,
                          int32_t channels, const float *x, const float *y, const float *z,
                          const float *gradients, const int32_t *samples, int64_t count);

  // Weights, transmittances behind each sample and the pixel of the ray that owns rows
  // first ..< first + count.
  void (*composite_ray)(const float *densities, const float *deltas, const float *gaps,
                        const pvd_colors *colors, int64_t first, int64_t count, float *weights,
                        float *transmittances, pvd_pixel *pixel);
  // Its gradient: writes those of the rows' densities and colours. Cotangent of the residual: none.
  void (*differentiate_ray)(const float *deltas, const float *gaps, const float *weights,
                            const float *transmittances, const pvd_colors *colors, int64_t first,
                            int64_t count, const pvd_pixel *cotangent, float *density_gradients,
                            float *color_gradients, int64_t gradient_row_step,
                            int64_t gradient_channel_step);

  // Decoupled Adam on one range; clears the gradient afterwards.
  void (*adamw)(float *values, float *gradients, float *first, float *second, int64_t count,
                float keep, float beta1, float beta2, float step, float inverse_root2,
                float epsilon);

  // Zeros past the caches: for more of them than a cache holds, or that are not read again soon.
  void (*clear)(float *values, int64_t count);
} pvd_kernels;

// The best table this processor can run, or the one named by the environment variable PVD_ISA.
const pvd_kernels *pvd_kernels_best(void);

// The table of that name, or null if it was not compiled in or this processor cannot run it.
const pvd_kernels *pvd_kernels_named(const char *name);

// Processors that the system lets this process use, 0 if it does not say.
int pvd_allowed_processors(void);

#endif
