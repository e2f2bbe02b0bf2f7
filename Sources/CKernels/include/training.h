#pragma once
/* Training of convolutional networks. A tile holds sixteen samples side by side, [unit][sample]: every vector is one unit's
   numbers, so that kernels of any size, and norms over samples, run at full width. */
#include <stddef.h>

/* A plain convolution of a tile: stride 1, no padding. */
typedef struct {
  size_t inputs, height, width;
  size_t outputs, kernel_height, kernel_width;
} codec_tile_conv;

/* Lays samples side by side: y[i][sample] = x[sample][i], i < n, for sixteen samples that begin at x[0..15]. */
void codec_tile_gather(size_t n, const float *const *x, float *y);

/* y[o][y][x] = sum of weights[i][ky][kx][o] * x[i][y + ky][x + kx]. */
void codec_tile_convolve(const codec_tile_conv *c, const float *weights, const float *x, float *y);

/* dw[o][i][ky][kx] = sum over positions and samples of dy[o][y][x] * x[i][y + ky][x + kx]; `scratch` has room for
   16 * outputs * kernel_height * kernel_width numbers. */
void codec_tile_convolve_weights(const codec_tile_conv *c, const float *x, const float *dy, float *scratch, float *dw);

/* padded[o][y][x] = dy[o][y - ky + 1][x - kx + 1] with zeros around: what the transposed convolution runs over. */
void codec_tile_pad(const codec_tile_conv *c, const float *dy, float *padded);

/* Groups of units normalised together: `run` units one after the other, in `tiles` tiles that are `stride` numbers
   apart. A function treats `groups` of them; arrays with a number for each group begin at the first. */
typedef struct {
  size_t tiles, stride, run;
  float epsilon;
} codec_tile_norm;

/* Mean and variance (divisor n) of each group. */
void codec_tile_moments(const codec_tile_norm *n, size_t groups, const float *x, float *mean, float *variance);

/* y = scale * (x - mean) / sqrt(variance + epsilon) + shift (+ noise), its positive part where `rectifies`. */
void codec_tile_normalise(const codec_tile_norm *n, size_t groups, const float *x, const float *mean,
                          const float *variance, const float *scale, const float *shift, const float *noise,
                          int rectifies, float *y);

/* The way back through `codec_tile_normalise` with moments of the batch: dy becomes the gradient of x. `activity` is added
   to the gradient of every unit that is on. */
void codec_tile_normalise_reverse(const codec_tile_norm *n, size_t groups, const float *x, const float *y,
                                  const float *mean, const float *variance, const float *scale, int rectifies,
                                  float activity, float *dy, float *dscale, float *dshift);
