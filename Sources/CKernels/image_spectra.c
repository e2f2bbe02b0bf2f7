#include <string.h>
#include "CKernels.h"
#include "lane_fft.h"

/* Elements from one column of a half spectrum to the next: odd, so that walking along a row meets all cache sets. */
SPECTRAL_INLINE ptrdiff_t column_stride(const codec_circle *c) { return ELEMENT * (ptrdiff_t)(c->rows | 1); }
SPECTRAL_INLINE ptrdiff_t half_size(const codec_circle *c) { return column_stride(c) * (c->columns / 2 + 1); }

size_t codec_circle_scratch(const codec_circle *c) {
  const int longest = c->columns > c->rows ? c->columns : c->rows;
  return (size_t)(2 * half_size(c)) + ELEMENT * (size_t)(c->columns + 2 * longest);
}

/* The rows of two images as one complex image, and their spectra taken apart: a = (z + z*)/2, b = (z - z*)/2i, where z* is
   the mirror image's conjugate. */
SPECTRAL_INLINE void transform_row(const codec_circle *c, int width, ptrdiff_t pixel, const float *a, const float *b,
                                   float *row, float *halves, float *passes) {
  for (int x = 0; x < width; ++x) {
    *(lanes *)(row + x * ELEMENT) = *(const unaligned_lanes *)(a + x * pixel);
    *(lanes *)(row + x * ELEMENT + LANES) = b ? *(const unaligned_lanes *)(b + x * pixel) : (lanes){0};
  }
  memset(row + width * ELEMENT, 0, sizeof(float) * ELEMENT * (size_t)(c->columns - width));
  codec_lane_fft_run(c->across, 0, row, ELEMENT, row, ELEMENT, passes);
  for (int k = 0; k <= c->columns / 2; ++k) {
    const float *z = row + k * ELEMENT, *mirror = row + (c->columns - k) % c->columns * ELEMENT;
    const lanes re = *(const lanes *)z, im = *(const lanes *)(z + LANES);
    const lanes mirror_re = *(const lanes *)mirror, mirror_im = *(const lanes *)(mirror + LANES);
    float *first = halves + k * column_stride(c), *second = first + half_size(c);
    *(lanes *)first = 0.5f * (re + mirror_re);
    *(lanes *)(first + LANES) = 0.5f * (im - mirror_im);
    *(lanes *)second = 0.5f * (im + mirror_im);
    *(lanes *)(second + LANES) = 0.5f * (mirror_re - re);
  }
}

CODEC_VECTORISED void codec_images_to_spectra(const codec_circle *c, const codec_images *images, size_t count,
                                              const float *x, ptrdiff_t frequency, ptrdiff_t step, float *spectra,
                                              float *scratch) {
  float *row = scratch + 2 * half_size(c), *passes = row + ELEMENT * c->columns;
  memset(scratch, 0, sizeof(float) * (size_t)(2 * half_size(c)));
  for (size_t first = 0; first < count; first += 2) {
    const float *a = x + (ptrdiff_t)first * images->image, *b = first + 1 < count ? a + images->image : NULL;
    for (int y = 0; y < images->height; ++y) {
      const ptrdiff_t offset = y * images->width * images->pixel;
      transform_row(c, images->width, images->pixel, a + offset, b ? b + offset : NULL, row, scratch + y * ELEMENT,
                    passes);
    }
    for (int k = 0; k <= c->columns / 2; ++k)
      for (int half = 0; half < (b ? 2 : 1); ++half)
        codec_lane_fft_run(c->down, 0, scratch + half * half_size(c) + k * column_stride(c), ELEMENT,
                           spectra + k * c->rows * frequency + (ptrdiff_t)(first + (size_t)half) * step, frequency,
                           passes);
  }
}

/* The way back of `transform_row`: z = a + ib and, mirrored, a* + ib*. */
SPECTRAL_INLINE void restore_row(const codec_circle *c, int width, ptrdiff_t pixel, const float *halves, float *row,
                                 float *a, float *b, float *passes) {
  for (int k = 0; k <= c->columns / 2; ++k) {
    const float *first = halves + k * column_stride(c), *second = first + half_size(c);
    const lanes a_re = *(const lanes *)first, a_im = *(const lanes *)(first + LANES);
    const lanes b_re = *(const lanes *)second, b_im = *(const lanes *)(second + LANES);
    float *z = row + k * ELEMENT, *mirror = row + (c->columns - k) % c->columns * ELEMENT;
    *(lanes *)mirror = a_re + b_im;
    *(lanes *)(mirror + LANES) = b_re - a_im;
    *(lanes *)z = a_re - b_im;
    *(lanes *)(z + LANES) = a_im + b_re;
  }
  codec_lane_fft_run(c->across, 1, row, ELEMENT, row, ELEMENT, passes);
  for (int x = 0; x < width; ++x) {
    *(unaligned_lanes *)(a + x * pixel) = *(const lanes *)(row + x * ELEMENT);
    if (b) *(unaligned_lanes *)(b + x * pixel) = *(const lanes *)(row + x * ELEMENT + LANES);
  }
}

CODEC_VECTORISED void codec_spectra_to_images(const codec_circle *c, const codec_images *images, size_t count,
                                              const float *spectra, ptrdiff_t frequency, ptrdiff_t step, float *x,
                                              float *scratch) {
  float *row = scratch + 2 * half_size(c), *passes = row + ELEMENT * c->columns;
  for (size_t first = 0; first < count; first += 2) {
    float *a = x + (ptrdiff_t)first * images->image, *b = first + 1 < count ? a + images->image : NULL;
    if (!b) memset(scratch + half_size(c), 0, sizeof(float) * (size_t)half_size(c));
    for (int k = 0; k <= c->columns / 2; ++k)
      for (int half = 0; half < (b ? 2 : 1); ++half)
        codec_lane_fft_run(c->down, 1, spectra + k * c->rows * frequency + (ptrdiff_t)(first + (size_t)half) * step,
                           frequency, scratch + half * half_size(c) + k * column_stride(c), ELEMENT, passes);
    for (int y = 0; y < images->height; ++y) {
      const ptrdiff_t offset = y * images->width * images->pixel;
      restore_row(c, images->width, images->pixel, scratch + y * ELEMENT, row, a + offset, b ? b + offset : NULL,
                  passes);
    }
  }
}
