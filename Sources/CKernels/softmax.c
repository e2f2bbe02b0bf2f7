#include "NetworkKernels.h"
#include "vector_math.h"

enum { LANES = 16 };

static inline float largest_of(size_t n, const float *x) {
  float lane[LANES], largest = x[0];
  size_t i = 0;
  for (size_t l = 0; l < LANES; ++l) lane[l] = x[0];
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; ++l) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
  for (; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  for (size_t l = 0; l < LANES; ++l) largest = lane[l] > largest ? lane[l] : largest;
  return largest;
}

/* x may be y, entry by entry; compilers that are not told so take one number at a time. */
#define IN_PLACE _Pragma("clang loop vectorize(assume_safety)")

/* One row of neighbouring numbers. */
CODEC_VECTORISED static void softmax_row(size_t n, const float *x, float *y) {
#pragma clang fp reassociate(on)
  const float largest = largest_of(n, x);
  IN_PLACE for (size_t i = 0; i < n; ++i) y[i] = vector_exp(x[i] - largest);
  double total = 0;
  for (size_t i = 0; i < n; ++i) total += (double)y[i];
  const float share = (float)(1 / total);
  for (size_t i = 0; i < n; ++i) y[i] *= share;
}

CODEC_VECTORISED static void softmax_derivative_row(size_t n, const float *y, const float *given,
                                                    float *result, int adds) {
#pragma clang fp reassociate(on)
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += (double)y[i] * (double)given[i];
  const float m = (float)mean;
  if (adds) {
    IN_PLACE for (size_t i = 0; i < n; ++i) result[i] += y[i] * (given[i] - m);
  } else {
    IN_PLACE for (size_t i = 0; i < n; ++i) result[i] = y[i] * (given[i] - m);
  }
}

void codec_softmax(size_t rows, size_t n, const float *x, float *y) {
  for (size_t r = 0; r < rows; ++r) softmax_row(n, x + r * n, y + r * n);
}

void codec_softmax_derivative(size_t rows, size_t n, const float *y, const float *given, float *result, int adds) {
  for (size_t r = 0; r < rows; ++r) softmax_derivative_row(n, y + r * n, given + r * n, result + r * n, adds);
}
