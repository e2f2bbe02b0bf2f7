#include "SpectralKernels.h"

/* y = x w, or x conj w, summed over input channels, for all samples at one frequency and output channel. */
static inline __attribute__((always_inline)) void multiply(int samples, int in_channels, const float *weights,
                                                           ptrdiff_t in_stride, float sign, const float *restrict x_re,
                                                           const float *restrict x_im, float *restrict y_re,
                                                           float *restrict y_im) {
  for (int i = 0; i < samples; ++i) y_re[i] = y_im[i] = 0;
  for (int c = 0; c < in_channels; ++c) {
    const float re = weights[c * in_stride], im = sign * weights[c * in_stride + 1];
    for (int i = 0; i < samples; ++i) {
      const float a = x_re[c * samples + i], b = x_im[c * samples + i];
      y_re[i] += a * re - b * im;
      y_im[i] += b * re + a * im;
    }
  }
}

CODEC_VECTORISED void codec_multiply_spectra(int rows, int columns, int samples, int in_channels, int out_channels,
                                             const float *weights, ptrdiff_t in_stride, ptrdiff_t out_stride,
                                             int conjugate, const float *in, float *out) {
  const int half = columns / 2 + 1;
  const ptrdiff_t in_count = (ptrdiff_t)samples * in_channels, out_count = (ptrdiff_t)samples * out_channels;
  const float *in_imaginary = in + rows * half * in_count;
  float *out_imaginary = out + rows * half * out_count;
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < half; ++column) {
      const float *w = weights + ((ptrdiff_t)column * rows + row) * 2 * in_channels * out_channels;
      for (int o = 0; o < out_channels; ++o)
        multiply(samples, in_channels, w + o * out_stride, in_stride, conjugate ? -1.f : 1.f, in, in_imaginary,
                 out + o * samples, out_imaginary + o * samples);
      in += in_count;
      in_imaginary += in_count;
      out += out_count;
      out_imaginary += out_count;
    }
}
