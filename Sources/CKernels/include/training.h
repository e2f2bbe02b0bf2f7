#pragma once
/* Training of convolutional networks. Images hold eight channels side by side, [y][x][channel], and spectra
   [frequency][image][8 real parts, 8 imaginary parts]: every vector is one pixel's or one frequency's channels, so that
   kernels of any size run at full width. More channels are several groups of eight. */
#include <stddef.h>

struct codec_lane_fft;

/* Images in the corner of a circle of `columns` × `rows` points. Spectra have the frequencies
   [column <= columns / 2][row]. */
typedef struct {
  const struct codec_lane_fft *across, *down;
  int columns, rows;
} codec_circle;

/* Where images are: `image` floats from one to the next, `pixel` floats from one pixel to the next. */
typedef struct {
  int height, width;
  ptrdiff_t image, pixel;
} codec_images;

/* Floats of scratch, aligned to 64 bytes, that transforms need. */
size_t codec_circle_scratch(const codec_circle *c);

/* Spectra of `count` images, one group of channels: `frequency` floats from one frequency to the next, `step` from one image
   to the next. Not scaled. */
void codec_images_to_spectra(const codec_circle *c, const codec_images *images, size_t count, const float *x,
                             ptrdiff_t frequency, ptrdiff_t step, float *spectra, float *scratch);
/* And back: the part of the circle that the images cover. */
void codec_spectra_to_images(const codec_circle *c, const codec_images *images, size_t count, const float *spectra,
                             ptrdiff_t frequency, ptrdiff_t step, float *x, float *scratch);

/* Sums at each frequency of products of x, whose image m begins at place[m], with v.
   x: `inputs` complex numbers, interleaved, or in groups of eight real and eight imaginary parts. The steps lead from one
   frequency to the next. */
typedef struct {
  size_t frequencies, images, inputs, groups;
  int interleaved;
  ptrdiff_t x_step, v_step, y_step;
} codec_spectral_sum;

/* y[f][image][group] = sum over inputs of x[f][image][input] * v[f][input][group], or its conjugate. */
void codec_spectral_multiply(const codec_spectral_sum *s, int conjugates, const float *x, const ptrdiff_t *place,
                             const float *v, float *y);
/* y[f][input][group] = sum over images of x[f][image][input] * conj v[f][image][group]. */
void codec_spectral_correlate(const codec_spectral_sum *s, const float *x, const ptrdiff_t *place, const float *v,
                              float *y);

/* Norms treat columns of matrices [row][column], `width` columns, a multiple of 8. */

/* Each column's mean and sum of squared differences from it. */
void codec_column_moments(size_t rows, size_t width, const float *x, float *mean, float *squares);
/* Mean and variance (divisor n) of all parts of equally many rows, from theirs [part][column]. */
void codec_combine_moments(size_t parts, size_t rows, size_t width, const float *means, const float *squares,
                           float *mean, float *variance);
/* y = factor * x + offset (+ noise), its positive part where `rectifies`. */
void codec_column_affine(size_t rows, size_t width, const float *x, const float *factor, const float *offset,
                         const float *noise, int rectifies, float *y);
/* Sums of slopes, and of slopes times (x - centre) * narrow. With y, slopes are first those before its rectifier, `activity`
   added where it is on. */
void codec_column_slopes(size_t rows, size_t width, const float *x, const float *y, const float *centre,
                         const float *narrow, float activity, float *dy, float *sum, float *product);
/* sum[column] = sum over parts of x[part][column]. */
void codec_sum_parts(size_t parts, size_t width, const float *x, float *sum);
/* dy = factor * (dy - from_mean - (x - centre) * narrow * from_deviation). */
void codec_column_reverse(size_t rows, size_t width, const float *x, const float *centre, const float *narrow,
                          const float *factor, const float *from_mean, const float *from_deviation, float *dy);

/* Dense layers; n is a multiple of 8. */

/* y[row][o] = sum over i < n of w[o][i] * x[row][i]; `rows` is a multiple of 4. */
void codec_row_products(size_t rows, size_t outputs, size_t n, const float *w, const float *x, ptrdiff_t y_row,
                        float *y);
/* y[row][i] = sum over terms of c[row][term] * x[term][i], i < n. */
void codec_row_sums(size_t rows, size_t terms, size_t n, const float *c, ptrdiff_t c_row, ptrdiff_t c_term,
                    const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row);
