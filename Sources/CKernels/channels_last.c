#include <string.h>

#include "NetworkKernels.h"

/* y[sample][column][row] = x[sample][row][column], in tiles that stay in the first-level cache. */
CODEC_VECTORISED void codec_turn(size_t samples, size_t rows, size_t columns, const float *restrict x,
                                 float *restrict y, int adds) {
  enum { TILE = 16 };
  for (size_t s = 0; s < samples; ++s, x += rows * columns, y += rows * columns)
    for (size_t r0 = 0; r0 < rows; r0 += TILE)
      for (size_t c0 = 0; c0 < columns; c0 += TILE) {
        const size_t r1 = r0 + TILE < rows ? r0 + TILE : rows, c1 = c0 + TILE < columns ? c0 + TILE : columns;
        for (size_t c = c0; c < c1; ++c)
          for (size_t r = r0; r < r1; ++r) y[c * rows + r] = (adds ? y[c * rows + r] : 0) + x[r * columns + c];
      }
}

CODEC_VECTORISED void codec_where_positive(size_t n, const float *restrict y, const float *restrict given,
                                           float *restrict result, int adds) {
  if (adds)
    for (size_t i = 0; i < n; ++i) result[i] += y[i] > 0 ? given[i] : 0;
  else
    for (size_t i = 0; i < n; ++i) result[i] = y[i] > 0 ? given[i] : 0;
}

CODEC_VECTORISED void codec_to_bf16(size_t n, const float *restrict x, uint16_t *restrict y) {
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const uint32_t quiet = (bits >> 16) | 0x40u;
    y[i] = (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
  }
}

/* The range of kernel positions along an axis that see a pixel of the image. */
static void seen(int start, int kernel, int dilation, int size, int *first, int *end) {
  *first = 0;
  while (*first < kernel && start + *first * dilation < 0) ++*first;
  *end = kernel;
  while (*end > *first && start + (*end - 1) * dilation >= size) --*end;
}

/* For each channel of one window the largest number and where it is, the first of equals; NaN counts as largest. */
CODEC_VECTORISED static void largest(const codec_pool *p, size_t channels, const float *restrict image, int oy, int ox,
                                     float *restrict best, int32_t *restrict place) {
  const int top = oy * p->stride[0] - p->before[0], left = ox * p->stride[1] - p->before[1];
  int y0, y1, x0, x1, is_first = 1;
  seen(top, p->kernel[0], p->dilation[0], p->in_size[0], &y0, &y1);
  seen(left, p->kernel[1], p->dilation[1], p->in_size[1], &x0, &x1);
  for (int ky = y0; ky < y1; ++ky)
    for (int kx = x0; kx < x1; ++kx) {
      const int32_t here = (top + ky * p->dilation[0]) * p->in_size[1] + left + kx * p->dilation[1];
      const float *restrict x = image + (size_t)here * channels;
      for (size_t c = 0; c < channels; ++c) {
        const int wins = is_first | (x[c] > best[c]) | ((x[c] != x[c]) & (best[c] == best[c]));
        best[c] = wins ? x[c] : best[c];
        place[c] = wins ? here : place[c];
      }
      is_first = 0;
    }
}

static size_t image_count(const codec_pool *p) { return (size_t)p->in_size[0] * p->in_size[1]; }

void codec_max_pool_last(const codec_pool *p, size_t samples, size_t channels, const float *x, int32_t *place,
                         float *y) {
  for (size_t s = 0; s < samples; ++s, x += image_count(p) * channels)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox, y += channels) largest(p, channels, x, oy, ox, y, place);
}

void codec_max_pool_last_reverse(const codec_pool *p, size_t samples, size_t channels, const float *x,
                                 const float *given, float *best, int32_t *place, float *result) {
  const size_t in = image_count(p) * channels;
  for (size_t s = 0; s < samples; ++s, x += in, result += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox, given += channels) {
        largest(p, channels, x, oy, ox, best, place);
        for (size_t c = 0; c < channels; ++c) result[(size_t)place[c] * channels + c] += given[c];
      }
}

void codec_max_pool_last_tangent(const codec_pool *p, size_t samples, size_t channels, const float *x,
                                 const float *given, float *best, int32_t *place, float *result) {
  const size_t in = image_count(p) * channels;
  for (size_t s = 0; s < samples; ++s, x += in, given += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox, result += channels) {
        largest(p, channels, x, oy, ox, best, place);
        for (size_t c = 0; c < channels; ++c) result[c] = given[(size_t)place[c] * channels + c];
      }
}
