#include "CKernels.h"

/* Windows of a movie at one frequency, eight at a time: time is the vector. */
enum { WINDOWS = 8 };
typedef double lanes __attribute__((vector_size(8 * WINDOWS)));
typedef double unaligned_lanes __attribute__((vector_size(8 * WINDOWS), aligned(8)));

/* `n` outputs of eight windows: the sum over lags and channels. */
static inline __attribute__((always_inline)) void sum_lags(int n, const codec_movie *m, const double *spectra,
                                                           const double *weights, double *out, size_t windows) {
  lanes re[2] = {0}, im[2] = {0};
  for (size_t lag = 0; lag < m->history; ++lag)
    for (size_t c = 0; c < m->channels; ++c) {
      const double *x = spectra + 2 * c * m->times + lag;
      const lanes x_re = *(const unaligned_lanes *)x, x_im = *(const unaligned_lanes *)(x + m->times);
      for (int o = 0; o < n; ++o) {
        const double w_re = weights[2 * o], w_im = weights[2 * o + 1];
        re[o] += x_re * w_re - x_im * w_im;
        im[o] += x_re * w_im + x_im * w_re;
      }
      weights += 2 * m->outputs;
    }
  for (int o = 0; o < n; ++o)
    for (size_t t = 0; t < windows; ++t) {
      double *target = out + 2 * m->frequencies * (t * m->outputs + (size_t)o);
      target[0] = re[o][t];
      target[1] = im[o][t];
    }
}

CODEC_VECTORISED void codec_movie_products(const codec_movie *m, size_t first, size_t windows, const double *spectra,
                                           const double *weights, double *out) {
  for (size_t k = 0; k < m->frequencies; ++k) {
    const double *x = spectra + 2 * k * m->channels * m->times + first;
    const double *w = weights + 2 * k * m->history * m->channels * m->outputs;
    for (size_t t = 0; t < windows; t += WINDOWS) {
      const size_t count = windows - t < WINDOWS ? windows - t : WINDOWS;
      double *target = out + 2 * (k + m->frequencies * m->outputs * t);
      size_t o = 0;
      for (; o + 2 <= m->outputs; o += 2)
        sum_lags(2, m, x + t, w + 2 * o, target + 2 * m->frequencies * o, count);
      if (o < m->outputs) sum_lags(1, m, x + t, w + 2 * o, target + 2 * m->frequencies * o, count);
    }
  }
}
