#include "lane_fft.h"
#include <string.h>

/* Elements from one column of a plane to the next: odd, so that walking along a row meets all cache sets. */
SPECTRAL_INLINE ptrdiff_t column_stride(const codec_spectral *s) { return ELEMENT * (ptrdiff_t)(s->rows | 1); }
SPECTRAL_INLINE ptrdiff_t plane_stride(const codec_spectral *s) { return column_stride(s) * s->columns; }

SPECTRAL_INLINE int larger(int a, int b) { return a > b ? a : b; }

/* Scratch: planes in, planes out, one row, the transform's own, a row of zeros. */
size_t codec_spectral_scratch(const codec_spectral *s) {
  const size_t length = (size_t)larger(s->columns, s->rows);
  return (size_t)plane_stride(s) * (size_t)(s->in_channels + s->out_channels) + ELEMENT * (size_t)s->columns +
         2 * ELEMENT * length + (size_t)(s->in_width + 2 * LANES) / LANES * LANES;
}

#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

SPECTRAL_INLINE void transpose(lanes *r) {
  lanes t[8], u[8];
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = SHUFFLE(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[2 * i + 1] = SHUFFLE(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int h = 0; h < 8; h += 4) {
    u[h] = SHUFFLE(t[h], t[h + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    u[h + 1] = SHUFFLE(t[h], t[h + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    u[h + 2] = SHUFFLE(t[h + 1], t[h + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    u[h + 3] = SHUFFLE(t[h + 1], t[h + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = SHUFFLE(u[i], u[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = SHUFFLE(u[i], u[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/* Gathers one image row of eight samples into lanes: pixel x goes to row + x * ELEMENT. */
SPECTRAL_INLINE void gather(const float *const *samples, ptrdiff_t offset, int width, float *row) {
  if (width < LANES) {
    for (int x = 0; x < width; ++x)
      for (int l = 0; l < LANES; ++l) row[x * ELEMENT + l] = samples[l][offset + x];
    return;
  }
  for (int next = 0; next < width; next += LANES) {
    const int x = next + LANES <= width ? next : width - LANES;
    lanes r[LANES];
    for (int l = 0; l < LANES; ++l) r[l] = *(const unaligned_lanes *)(samples[l] + offset + x);
    transpose(r);
    for (int i = 0; i < LANES; ++i) *(lanes *)(row + (x + i) * ELEMENT) = r[i];
  }
}

/* Scatters lanes back to one image row of `count` samples. */
SPECTRAL_INLINE void scatter(const float *row, int width, int adds, int count, float *output, ptrdiff_t stride) {
  if (width < LANES) {
    for (int l = 0; l < count; ++l)
      for (int x = 0; x < width; ++x)
        output[l * stride + x] = (adds ? output[l * stride + x] : 0) + row[x * ELEMENT + l];
    return;
  }
  for (int next = 0; next < width; next += LANES) {
    const int x = next + LANES <= width ? next : width - LANES;
    lanes r[LANES];
    for (int i = 0; i < LANES; ++i) {
      r[i] = *(const lanes *)(row + (x + i) * ELEMENT);
      /* The last block may overlap the one before: pixels already there get nothing more. */
      if (adds && x + i < next) r[i] = (lanes){0};
    }
    transpose(r);
    for (int l = 0; l < count; ++l) {
      unaligned_lanes *target = (unaligned_lanes *)(output + l * stride + x);
      *target = adds ? *target + r[l] : r[l];
    }
  }
}

/* Output channels o .. o + n - 1 at a frequency (`p`) and at its mirror image (`m`), whose spectrum is conjugate. */
SPECTRAL_INLINE void multiply(int n, const codec_spectral *s, const float *p, const float *m, const float *weights,
                              float *out_p, float *out_m) {
  const ptrdiff_t plane = plane_stride(s);
  complex_lanes at_p[2] = {0}, at_m[2] = {0};
  for (int c = 0; c < s->in_channels; ++c) {
    const complex_lanes z = {*(const lanes *)p, *(const lanes *)(p + LANES)};
    const complex_lanes y = {*(const lanes *)m, *(const lanes *)(m + LANES)};
    for (int j = 0; j < n; ++j) {
      const float re = weights[j * s->out_stride], im = weights[j * s->out_stride + 1];
      at_p[j].re += z.re * re;
      at_p[j].im += z.im * re;
      at_m[j].re += y.re * re;
      at_m[j].im += y.im * re;
      at_p[j].re -= z.im * im;
      at_p[j].im += z.re * im;
      at_m[j].re += y.im * im;
      at_m[j].im -= y.re * im;
    }
    p += plane;
    m += plane;
    weights += s->in_stride;
  }
  for (int j = 0; j < n; ++j) {
    *(lanes *)(out_p + j * plane) = at_p[j].re;
    *(lanes *)(out_p + j * plane + LANES) = at_p[j].im;
    *(lanes *)(out_m + j * plane) = at_m[j].re;
    *(lanes *)(out_m + j * plane + LANES) = at_m[j].im;
  }
}

/* The products of one column and its mirror image, all channels. */
SPECTRAL_INLINE void multiply_columns(const codec_spectral *s, int column, const float *in, float *out) {
  const int mirror = (s->columns - column) % s->columns;
  const int last = mirror == column ? s->rows / 2 + 1 : s->rows;
  const ptrdiff_t plane = plane_stride(s);
  const float *weights = s->weights + (ptrdiff_t)column * s->rows * 2 * s->in_channels * s->out_channels;
  for (int row = 0; row < last; ++row) {
    ptrdiff_t p = column * column_stride(s) + row * ELEMENT;
    ptrdiff_t m = mirror * column_stride(s) + (s->rows - row) % s->rows * ELEMENT;
    if (s->conjugate) {
      const ptrdiff_t swap = p;
      p = m;
      m = swap;
    }
    int o = 0;
    for (; o + 2 <= s->out_channels; o += 2)
      multiply(2, s, in + p, in + m, weights + o * s->out_stride, out + o * plane + p, out + o * plane + m);
    if (o < s->out_channels)
      multiply(1, s, in + p, in + m, weights + o * s->out_stride, out + o * plane + p, out + o * plane + m);
    weights += 2 * s->in_channels * s->out_channels;
  }
}

/* Images to planes whose rows are transformed: element (x, y) of a plane is at x * column_stride + y * ELEMENT. */
CODEC_VECTORISED static void transform_rows(const codec_spectral *s, int samples, const float *input,
                                            ptrdiff_t input_stride, const float *zeros, float *planes, float *row,
                                            float *scratch) {
  const float *rows[codec_spectral_samples];
  memset(row, 0, sizeof(float) * ELEMENT * (size_t)s->columns);
  for (int c = 0; c < s->in_channels; ++c) {
    float *plane = planes + c * plane_stride(s);
    for (int y = 0; y < s->in_height; ++y) {
      const ptrdiff_t offset = ((ptrdiff_t)c * s->in_height + y) * s->in_width;
      for (int l = 0; l < codec_spectral_samples; ++l)
        rows[l] = l < samples ? input + l * input_stride + offset : zeros;
      gather(rows, 0, s->in_width, row);
      gather(rows + LANES, 0, s->in_width, row + LANES);
      codec_lane_fft_run(s->across, 0, row, ELEMENT, plane + y * ELEMENT, column_stride(s), scratch);
    }
    for (int x = 0; x < s->columns; ++x)
      memset(plane + x * column_stride(s) + s->in_height * ELEMENT, 0,
             sizeof(float) * ELEMENT * (size_t)(s->rows - s->in_height));
  }
}

CODEC_VECTORISED static void multiply_spectra(const codec_spectral *s, float *in, float *out, float *scratch) {
  for (int column = 0; column <= s->columns / 2; ++column) {
    const int mirror = (s->columns - column) % s->columns;
    for (int c = 0; c < s->in_channels; ++c) {
      float *plane = in + c * plane_stride(s), *here = plane + column * column_stride(s);
      float *there = plane + mirror * column_stride(s);
      codec_lane_fft_run(s->down, 0, here, ELEMENT, here, ELEMENT, scratch);
      if (mirror != column) codec_lane_fft_run(s->down, 0, there, ELEMENT, there, ELEMENT, scratch);
    }
    multiply_columns(s, column, in, out);
    for (int o = 0; o < s->out_channels; ++o) {
      float *plane = out + o * plane_stride(s), *here = plane + column * column_stride(s);
      float *there = plane + mirror * column_stride(s);
      codec_lane_fft_run(s->down, 1, here, ELEMENT, here, ELEMENT, scratch);
      if (mirror != column) codec_lane_fft_run(s->down, 1, there, ELEMENT, there, ELEMENT, scratch);
    }
  }
}

CODEC_VECTORISED static void restore_rows(const codec_spectral *s, int samples, const float *planes, float *output,
                                          ptrdiff_t output_stride, int adds, float *row, float *scratch) {
  for (int o = 0; o < s->out_channels; ++o)
    for (int y = 0; y < s->out_height; ++y) {
      codec_lane_fft_run(s->across, 1, planes + o * plane_stride(s) + y * ELEMENT, column_stride(s), row, ELEMENT,
                         scratch);
      float *target = output + ((ptrdiff_t)o * s->out_height + y) * s->out_width;
      scatter(row, s->out_width, adds, samples < LANES ? samples : LANES, target, output_stride);
      scatter(row + LANES, s->out_width, adds, samples - LANES, target + LANES * output_stride, output_stride);
    }
}

void codec_spectral_convolve(const codec_spectral *s, int samples, const float *input, ptrdiff_t input_stride,
                             float *output, ptrdiff_t output_stride, int adds, float *scratch) {
  float *in = scratch, *out = in + s->in_channels * plane_stride(s), *row = out + s->out_channels * plane_stride(s);
  float *passes = row + ELEMENT * s->columns, *zeros = passes + 2 * ELEMENT * larger(s->columns, s->rows);
  memset(zeros, 0, sizeof(float) * (size_t)s->in_width);
  transform_rows(s, samples, input, input_stride, zeros, in, row, passes);
  multiply_spectra(s, in, out, passes);
  restore_rows(s, samples, out, output, output_stride, adds, row, passes);
}
