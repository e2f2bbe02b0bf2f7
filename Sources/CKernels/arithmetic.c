#include "NetworkKernels.h"

CODEC_VECTORISED void codec_product(size_t n, float factor, const float *restrict a, const float *restrict b,
                                    float *restrict y, int adds) {
  if (adds)
    for (size_t i = 0; i < n; ++i) y[i] += factor * a[i] * b[i];
  else
    for (size_t i = 0; i < n; ++i) y[i] = factor * a[i] * b[i];
}

CODEC_VECTORISED void codec_quotient(size_t n, float factor, const float *restrict a, const float *restrict b,
                                     float *restrict y, int adds) {
  for (size_t i = 0; i < n; ++i) y[i] = (adds ? y[i] : 0) + factor * a[i] / b[i];
}
