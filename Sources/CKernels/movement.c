#include "NetworkKernels.h"

/* Runs of one sample: `count` neighbouring numbers of the moved side, every `step`-th of the other. */
CODEC_VECTORISED static void gather_run(const codec_run *run, const float *restrict x, float *restrict y, int adds) {
  const float *from = x + run->from;
  float *to = y + run->to;
  if (run->step == 1 && !adds)
    for (ptrdiff_t i = 0; i < run->count; ++i) to[i] = from[i];
  else if (run->step == 1)
    for (ptrdiff_t i = 0; i < run->count; ++i) to[i] += from[i];
  else
    for (ptrdiff_t i = 0; i < run->count; ++i) to[i] = (adds ? to[i] : 0) + from[i * run->step];
}

CODEC_VECTORISED static void scatter_run(const codec_run *run, float factor, const float *restrict moved,
                                         float *restrict x) {
  const float *given = moved + run->to;
  float *to = x + run->from;
  if (run->step == 1) {
    for (ptrdiff_t i = 0; i < run->count; ++i) to[i] += factor * given[i];
  } else if (run->step == 0) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < run->count; ++i) sum += (double)given[i];
    to[0] += (float)(factor * sum);
  } else {
    for (ptrdiff_t i = 0; i < run->count; ++i) to[i * run->step] += factor * given[i];
  }
}

void codec_gather(size_t samples, size_t runs, const codec_run *run, size_t inputs, size_t outputs, const float *x,
                  float *y, int adds) {
  for (size_t s = 0; s < samples; ++s)
    for (size_t r = 0; r < runs; ++r) gather_run(run + r, x + s * inputs, y + s * outputs, adds);
}

void codec_scatter(size_t samples, size_t runs, const codec_run *run, size_t inputs, size_t outputs, float factor,
                   const float *moved, float *x) {
  for (size_t s = 0; s < samples; ++s)
    for (size_t r = 0; r < runs; ++r) scatter_run(run + r, factor, moved + s * outputs, x + s * inputs);
}
