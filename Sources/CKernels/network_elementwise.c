#include <math.h>

#include "NetworkKernels.h"
#include "vector_math.h"

CODEC_VECTORISED int codec_all_finite(size_t n, const float *x) {
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    bad |= (bits_of(x[i]) & 0x7f800000u) == 0x7f800000u;
  }
  return bad == 0;
}

CODEC_VECTORISED void codec_scaled(size_t n, float factor, const float *restrict x, float *restrict y, int adds) {
  if (adds)
    for (size_t i = 0; i < n; ++i) y[i] += factor * x[i];
  else
    for (size_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

CODEC_VECTORISED void codec_relu(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : 0;
}

/* The distance from 0 within which rounding hides a number's sign: 3 * 2^-23 of the row's root mean square, taken over
   some hundreds of its numbers. */
static float sign_resolution(size_t n, const float *x) {
  size_t step = n / 256 + 1, count = 0;
  double squares = 0;
  for (size_t i = 0; i < n; i += step, ++count) squares += (double)x[i] * (double)x[i];
  double width = 3.5762786865234375e-07 * sqrt(squares / (double)(count ? count : 1));
  return width > 1e-30 ? (float)width : 1e-30f;
}

CODEC_VECTORISED static void relu_slope_row(size_t n, float steepness, const float *restrict x,
                                            const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i) {
    float slope = 0.5f + steepness * x[i];
    slope = slope < 0 ? 0 : slope;
    slope = slope > 1 ? 1 : slope;
    slope = x[i] == 0 ? 0 : slope;
    result[i] = (adds ? result[i] : 0) + slope * given[i];
  }
}

void codec_relu_slope(size_t rows, size_t n, const float *x, const float *given, float *result, int adds) {
  for (size_t row = 0; row < rows; ++row) {
    size_t start = row * n;
    relu_slope_row(n, 0.5f / sign_resolution(n, x + start), x + start, given + start, result + start, adds);
  }
}

CODEC_INLINE float absolute(float x) { return float_of(bits_of(x) & 0x7fffffffu); }

CODEC_INLINE float sigmoid(float x) {
  float e = vector_exp(-absolute(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

CODEC_VECTORISED void codec_softplus(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = (x[i] > 0 ? x[i] : 0) + vector_log1p(vector_exp(-absolute(x[i])));
}

CODEC_VECTORISED void codec_softplus_slope(size_t n, const float *restrict x, const float *restrict y,
                                           const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i) result[i] = (adds ? result[i] : 0) + sigmoid(x[i]) * given[i];
}

CODEC_VECTORISED void codec_exponential(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = vector_exp(x[i]);
}

CODEC_VECTORISED void codec_exponential_slope(size_t n, const float *restrict x, const float *restrict y,
                                              const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i) result[i] = (adds ? result[i] : 0) + y[i] * given[i];
}

CODEC_VECTORISED void codec_sigmoid(size_t n, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = sigmoid(x[i]);
}

CODEC_VECTORISED void codec_sigmoid_slope(size_t n, const float *restrict x, const float *restrict y,
                                          const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i) {
    /* s(x) (1 - s(x)) as s(x) s(-x), which keeps the tails. */
    result[i] = (adds ? result[i] : 0) + y[i] * sigmoid(-x[i]) * given[i];
  }
}

CODEC_VECTORISED void codec_affine(size_t samples, size_t units, size_t run, const float *restrict factor,
                                   const float *restrict offset, const float *restrict x, float *restrict y) {
  for (size_t s = 0; s < samples; ++s) {
    if (run == 1) {
      for (size_t u = 0; u < units; ++u) y[u] = factor[u] * x[u] + offset[u];
    } else {
      for (size_t u = 0; u < units; ++u)
        for (size_t i = 0; i < run; ++i) y[u * run + i] = factor[u] * x[u * run + i] + offset[u];
    }
    x += units * run;
    y += units * run;
  }
}

CODEC_VECTORISED void codec_scale_runs(size_t samples, size_t units, size_t run, const float *restrict factor,
                                       const float *restrict x, float *restrict y, int adds) {
  for (size_t s = 0; s < samples; ++s) {
    if (run == 1) {
      for (size_t u = 0; u < units; ++u) y[u] = (adds ? y[u] : 0) + factor[u] * x[u];
    } else {
      for (size_t u = 0; u < units; ++u)
        for (size_t i = 0; i < run; ++i) y[u * run + i] = (adds ? y[u * run + i] : 0) + factor[u] * x[u * run + i];
    }
    x += units * run;
    y += units * run;
  }
}

CODEC_VECTORISED void codec_add_bias(size_t samples, size_t channels, size_t run, const float *restrict bias,
                                     float *restrict y) {
  for (size_t s = 0; s < samples; ++s, y += channels * run) {
    if (run == 1) {
      for (size_t c = 0; c < channels; ++c) y[c] += bias[c];
    } else {
      for (size_t c = 0; c < channels; ++c)
        for (size_t i = 0; i < run; ++i) y[c * run + i] += bias[c];
    }
  }
}
