#include "CKernels.h"

/* The squared distance of two vectors, summed in four lanes so that it vectorises and is the same everywhere. */
static inline __attribute__((always_inline)) double squared_distance(size_t n, const double *a, const double *b) {
  double lanes[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int lane = 0; lane < 4; ++lane) {
      const double difference = a[i + lane] - b[i + lane];
      lanes[lane] += difference * difference;
    }
  for (; i < n; ++i) lanes[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

CODEC_VECTORISED void codec_squared_distances(size_t rows, size_t others, size_t n, const double *restrict a,
                                              const double *restrict b, double *restrict distances) {
  for (size_t row = 0; row < rows; ++row)
    for (size_t other = 0; other < others; ++other)
      distances[row * others + other] = squared_distance(n, a + row * n, b + other * n);
}

/* Vectors taken at a time: their coordinates then stay in the first-level cache. */
enum { DESCENT_BLOCK = 128 };

CODEC_VECTORISED void codec_nonnegative_descent(size_t components, size_t vectors, const double *gram,
                                                const double *target, double *factor) {
  for (size_t start = 0; start < vectors; start += DESCENT_BLOCK) {
    const size_t n = vectors - start < DESCENT_BLOCK ? vectors - start : DESCENT_BLOCK;
    for (size_t j = 0; j < components; ++j) {
      const double curvature = gram[j * components + j];
      if (!(curvature > 0)) continue;
      double missing[DESCENT_BLOCK];
      for (size_t i = 0; i < n; ++i) missing[i] = target[j * vectors + start + i];
      for (size_t l = 0; l < components; ++l) {
        const double weight = gram[j * components + l];
        const double *restrict other = factor + l * vectors + start;
        for (size_t i = 0; i < n; ++i) missing[i] -= weight * other[i];
      }
      double *restrict own = factor + j * vectors + start;
      for (size_t i = 0; i < n; ++i) {
        const double moved = own[i] + missing[i] / curvature;
        own[i] = moved > 0 ? moved : 0;
      }
    }
  }
}
