#include "NetworkKernels.h"
#include "vector_math.h"

/* One row of neighbouring numbers. */
CODEC_VECTORISED static void softmax_row(size_t n, const float *x, float *y) {
  float largest = x[0];
  for (size_t i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  for (size_t i = 0; i < n; ++i) y[i] = vector_exp(x[i] - largest);
  double total = 0;
  for (size_t i = 0; i < n; ++i) total += (double)y[i];
  const float share = (float)(1 / total);
  for (size_t i = 0; i < n; ++i) y[i] *= share;
}

CODEC_VECTORISED static void softmax_derivative_row(size_t n, const float *y, const float *given,
                                                    float *result, int adds) {
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += (double)y[i] * (double)given[i];
  const float m = (float)mean;
  if (adds)
    for (size_t i = 0; i < n; ++i) result[i] += y[i] * (given[i] - m);
  else
    for (size_t i = 0; i < n; ++i) result[i] = y[i] * (given[i] - m);
}

void codec_softmax(size_t rows, size_t n, const float *x, float *y) {
  for (size_t r = 0; r < rows; ++r) softmax_row(n, x + r * n, y + r * n);
}

void codec_softmax_derivative(size_t rows, size_t n, const float *y, const float *given, float *result, int adds) {
  for (size_t r = 0; r < rows; ++r) softmax_derivative_row(n, y + r * n, given + r * n, result + r * n, adds);
}
