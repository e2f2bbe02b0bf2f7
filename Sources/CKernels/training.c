#include "training.h"

#include <math.h>
#include <string.h>

#include "CKernels.h"

/* One unit of sixteen samples. */
typedef float samples __attribute__((vector_size(64), aligned(64), may_alias));
enum { SAMPLES = 16, OUTPUTS = 8, COLUMNS = 3 };
#define TILE_INLINE static inline __attribute__((always_inline))

TILE_INLINE float total(const samples *v) {
  float sum = 0;
  for (int s = 0; s < SAMPLES; ++s) sum += (*v)[s];
  return sum;
}

CODEC_VECTORISED void codec_tile_gather(size_t n, const float *const *x, float *y) {
  for (size_t i = 0; i < n; ++i)
    for (int s = 0; s < SAMPLES; ++s) y[SAMPLES * i + (size_t)s] = x[s][i];
}

/* Adds one input channel's part to `columns` neighbouring positions of `outputs` channels. */
TILE_INLINE void add_input(const int outputs, const int columns, const codec_tile_conv *c, size_t out_pixels,
                           const float *weights, const samples *x, samples *y) {
  samples sum[OUTPUTS][COLUMNS];
  for (int o = 0; o < outputs; ++o)
    for (int p = 0; p < columns; ++p) sum[o][p] = y[(size_t)o * out_pixels + (size_t)p];
  for (size_t ky = 0; ky < c->kernel_height; ++ky)
    for (size_t kx = 0; kx < c->kernel_width; ++kx, weights += c->outputs) {
      const samples *v = x + ky * c->width + kx;
      for (int o = 0; o < outputs; ++o)
        for (int p = 0; p < columns; ++p) sum[o][p] += weights[o] * v[p];
    }
  for (int o = 0; o < outputs; ++o)
    for (int p = 0; p < columns; ++p) y[(size_t)o * out_pixels + (size_t)p] = sum[o][p];
}

/* The same for a whole row of positions. */
TILE_INLINE void add_input_row(const int outputs, const codec_tile_conv *c, size_t out_pixels, const float *weights,
                               const samples *x, samples *y) {
  const size_t width = c->width - c->kernel_width + 1;
  size_t column = 0;
  for (; column + COLUMNS <= width; column += COLUMNS)
    add_input(outputs, COLUMNS, c, out_pixels, weights, x + column, y + column);
  for (; column < width; ++column) add_input(outputs, 1, c, out_pixels, weights, x + column, y + column);
}

CODEC_VECTORISED void codec_tile_convolve(const codec_tile_conv *c, const float *weights, const float *x, float *y) {
  const size_t height = c->height - c->kernel_height + 1, width = c->width - c->kernel_width + 1;
  const size_t pixels = height * width, taps = c->kernel_height * c->kernel_width;
  memset(y, 0, sizeof(samples) * c->outputs * pixels);
  for (size_t row = 0; row < height; ++row)
    for (size_t i = 0; i < c->inputs; ++i) {
      const samples *from = (const samples *)x + (i * c->height + row) * c->width;
      const float *w = weights + i * taps * c->outputs;
      samples *to = (samples *)y + row * width;
      size_t o = 0;
      for (; o + 8 <= c->outputs; o += 8) add_input_row(8, c, pixels, w + o, from, to + o * pixels);
      for (; o + 4 <= c->outputs; o += 4) add_input_row(4, c, pixels, w + o, from, to + o * pixels);
      for (; o < c->outputs; ++o) add_input_row(1, c, pixels, w + o, from, to + o * pixels);
    }
}

/* Adds a row's part to the slopes of `columns` neighbouring taps of one kernel row, for `outputs` channels. */
TILE_INLINE void add_slopes(const int outputs, const int columns, size_t width, size_t out_pixels, size_t all_outputs,
                            const samples *x, const samples *dy, samples *slopes) {
  samples sum[COLUMNS][OUTPUTS];
  for (int p = 0; p < columns; ++p)
    for (int o = 0; o < outputs; ++o) sum[p][o] = slopes[(size_t)p * all_outputs + (size_t)o];
  for (size_t column = 0; column < width; ++column)
    for (int o = 0; o < outputs; ++o) {
      const samples given = dy[(size_t)o * out_pixels + column];
      for (int p = 0; p < columns; ++p) sum[p][o] += given * x[column + (size_t)p];
    }
  for (int p = 0; p < columns; ++p)
    for (int o = 0; o < outputs; ++o) slopes[(size_t)p * all_outputs + (size_t)o] = sum[p][o];
}

TILE_INLINE void add_slopes_row(const int outputs, const codec_tile_conv *c, size_t out_pixels, const samples *x,
                                const samples *dy, samples *slopes) {
  const size_t width = c->width - c->kernel_width + 1;
  for (size_t ky = 0; ky < c->kernel_height; ++ky, x += c->width, slopes += c->kernel_width * c->outputs) {
    size_t kx = 0;
    for (; kx + COLUMNS <= c->kernel_width; kx += COLUMNS)
      add_slopes(outputs, COLUMNS, width, out_pixels, c->outputs, x + kx, dy, slopes + kx * c->outputs);
    for (; kx < c->kernel_width; ++kx)
      add_slopes(outputs, 1, width, out_pixels, c->outputs, x + kx, dy, slopes + kx * c->outputs);
  }
}

CODEC_VECTORISED void codec_tile_convolve_weights(const codec_tile_conv *c, const float *x, const float *dy,
                                                  float *scratch, float *dw) {
  const size_t height = c->height - c->kernel_height + 1, width = c->width - c->kernel_width + 1;
  const size_t pixels = height * width, taps = c->kernel_height * c->kernel_width;
  samples *slopes = (samples *)scratch;
  for (size_t i = 0; i < c->inputs; ++i) {
    memset(slopes, 0, sizeof(samples) * taps * c->outputs);
    for (size_t row = 0; row < height; ++row) {
      const samples *from = (const samples *)x + (i * c->height + row) * c->width;
      const samples *given = (const samples *)dy + row * width;
      size_t o = 0;
      for (; o + 8 <= c->outputs; o += 8) add_slopes_row(8, c, pixels, from, given + o * pixels, slopes + o);
      for (; o + 4 <= c->outputs; o += 4) add_slopes_row(4, c, pixels, from, given + o * pixels, slopes + o);
      for (; o < c->outputs; ++o) add_slopes_row(1, c, pixels, from, given + o * pixels, slopes + o);
    }
    for (size_t o = 0; o < c->outputs; ++o)
      for (size_t tap = 0; tap < taps; ++tap)
        dw[(o * c->inputs + i) * taps + tap] = total(slopes + tap * c->outputs + o);
  }
}

CODEC_VECTORISED void codec_tile_pad(const codec_tile_conv *c, const float *dy, float *padded) {
  const size_t height = c->height - c->kernel_height + 1, width = c->width - c->kernel_width + 1;
  const size_t rows = height + 2 * (c->kernel_height - 1), columns = width + 2 * (c->kernel_width - 1);
  memset(padded, 0, sizeof(samples) * c->outputs * rows * columns);
  for (size_t o = 0; o < c->outputs; ++o)
    for (size_t row = 0; row < height; ++row)
      memcpy(padded + SAMPLES * ((o * rows + row + c->kernel_height - 1) * columns + c->kernel_width - 1),
             dy + SAMPLES * (o * height + row) * width, sizeof(samples) * width);
}

CODEC_VECTORISED void codec_tile_moments(const codec_tile_norm *n, size_t groups, const float *x, float *mean,
                                         float *variance) {
  const float share = 1.0f / (float)(SAMPLES * n->run * n->tiles);
  for (size_t g = 0; g < groups; ++g) {
    const float *first = x + g * n->run * SAMPLES;
    samples sum = {0}, squares = {0};
    for (size_t t = 0; t < n->tiles; ++t)
      for (size_t u = 0; u < n->run; ++u) sum += *(const samples *)(first + t * n->stride + u * SAMPLES);
    const float centre = total(&sum) * share;
    for (size_t t = 0; t < n->tiles; ++t)
      for (size_t u = 0; u < n->run; ++u) {
        const samples difference = *(const samples *)(first + t * n->stride + u * SAMPLES) - centre;
        squares += difference * difference;
      }
    mean[g] = centre;
    variance[g] = total(&squares) * share;
  }
}

CODEC_VECTORISED void codec_tile_normalise(const codec_tile_norm *n, size_t groups, const float *x, const float *mean,
                                           const float *variance, const float *scale, const float *shift,
                                           const float *noise, int rectifies, float *y) {
  for (size_t g = 0; g < groups; ++g) {
    const float factor = scale[g] / sqrtf(variance[g] + n->epsilon), offset = shift[g] - mean[g] * factor;
    for (size_t t = 0; t < n->tiles; ++t)
      for (size_t i = t * n->stride + g * n->run * SAMPLES, end = i + n->run * SAMPLES; i < end; ++i) {
        const float value = factor * x[i] + offset + (noise ? noise[i] : 0);
        y[i] = rectifies && !(value > 0) ? 0 : value;
      }
  }
}

CODEC_VECTORISED void codec_tile_normalise_reverse(const codec_tile_norm *n, size_t groups, const float *x,
                                                   const float *y, const float *mean, const float *variance,
                                                   const float *scale, int rectifies, float activity, float *dy,
                                                   float *dscale, float *dshift) {
  const float share = 1.0f / (float)(SAMPLES * n->run * n->tiles);
  for (size_t g = 0; g < groups; ++g) {
    const float narrow = 1 / sqrtf(variance[g] + n->epsilon), centre = mean[g];
    samples slope_sum = {0}, product_sum = {0};
    for (size_t t = 0; t < n->tiles; ++t)
      for (size_t i = t * n->stride + g * n->run * SAMPLES, end = i + n->run * SAMPLES; i < end; i += SAMPLES) {
        samples slope = *(samples *)(dy + i);
        if (rectifies) {
          typedef int mask __attribute__((vector_size(64)));
          const mask on = *(const samples *)(y + i) > 0;
          slope = (samples)((mask)(slope + activity) & on);
          *(samples *)(dy + i) = slope;
        }
        slope_sum += slope;
        product_sum += slope * ((*(const samples *)(x + i) - centre) * narrow);
      }
    dshift[g] = total(&slope_sum);
    dscale[g] = total(&product_sum);
    const float factor = scale[g] * narrow, from_mean = dshift[g] * share, from_deviation = dscale[g] * share;
    for (size_t t = 0; t < n->tiles; ++t)
      for (size_t i = t * n->stride + g * n->run * SAMPLES, end = i + n->run * SAMPLES; i < end; i += SAMPLES) {
        const samples normal = (*(const samples *)(x + i) - centre) * narrow;
        samples *slope = (samples *)(dy + i);
        *slope = factor * (*slope - from_mean - normal * from_deviation);
      }
  }
}
