#include "NetworkKernels.h"
#include <math.h>

/* Mean and 1 / sqrt(variance + epsilon) of one vector. Sums in double, in any order, so that they
   run in vectors. */
static inline void moments(size_t n, float epsilon, const float *x, float *mean, float *inverse) {
#pragma clang fp reassociate(on)
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i];
  double m = sum / (double)n;
  for (size_t i = 0; i < n; ++i) squares += (x[i] - m) * (x[i] - m);
  *mean = (float)m;
  *inverse = (float)(1 / sqrt(squares / (double)n + epsilon));
}

CODEC_VECTORISED void codec_layer_norm(size_t rows, size_t n, float epsilon, const float *restrict scale,
                                       const float *restrict shift, const float *restrict x, float *restrict y) {
  for (size_t r = 0; r < rows; ++r, x += n, y += n) {
    float mean, inverse;
    moments(n, epsilon, x, &mean, &inverse);
    for (size_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * inverse * scale[i] + shift[i];
  }
}

/* With x̂ the normalised vector and q = scale · given: result = (q − mean(q) − x̂ mean(q x̂)) / σ. */
CODEC_VECTORISED void codec_layer_norm_reverse(size_t rows, size_t n, float epsilon, const float *restrict scale,
                                               const float *restrict x, const float *restrict given,
                                               float *restrict result, int adds) {
#pragma clang fp reassociate(on)
  for (size_t r = 0; r < rows; ++r, x += n, given += n, result += n) {
    float mean, inverse;
    moments(n, epsilon, x, &mean, &inverse);
    double sum = 0, product = 0;
    for (size_t i = 0; i < n; ++i) {
      double q = (double)scale[i] * given[i];
      sum += q;
      product += q * (x[i] - mean) * inverse;
    }
    float a = (float)(sum / (double)n), b = (float)(product / (double)n);
    for (size_t i = 0; i < n; ++i) {
      float pulled = (scale[i] * given[i] - a - (x[i] - mean) * inverse * b) * inverse;
      result[i] = (adds ? result[i] : 0) + pulled;
    }
  }
}

/* result = scale · (given − mean(given) − x̂ mean(given x̂)) / σ. */
CODEC_VECTORISED void codec_layer_norm_tangent(size_t rows, size_t n, float epsilon, const float *restrict scale,
                                               const float *restrict x, const float *restrict given,
                                               float *restrict result) {
#pragma clang fp reassociate(on)
  for (size_t r = 0; r < rows; ++r, x += n, given += n, result += n) {
    float mean, inverse;
    moments(n, epsilon, x, &mean, &inverse);
    double sum = 0, product = 0;
    for (size_t i = 0; i < n; ++i) {
      sum += given[i];
      product += (double)given[i] * (x[i] - mean) * inverse;
    }
    float a = (float)(sum / (double)n), b = (float)(product / (double)n);
    for (size_t i = 0; i < n; ++i) result[i] = scale[i] * (given[i] - a - (x[i] - mean) * inverse * b) * inverse;
  }
}
