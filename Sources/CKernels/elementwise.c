#include "CKernels.h"

CODEC_VECTORISED void codec_axpy(size_t n, float a, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] += a * x[i];
}
