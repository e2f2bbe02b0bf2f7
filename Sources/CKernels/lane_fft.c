#include "lane_fft.h"
#include <math.h>
#include <stdlib.h>

struct codec_lane_fft {
  int length, passes;
  int radices[16];
  const float *twiddles[16];
  float *memory;
};

/* Splits a length into radices, the large ones first; returns how many, or 0 where another prime is left. */
static int factor(int length, int *radices) {
  static const int preferred[] = {10, 8, 6, 5, 4, 3, 2};
  int count = 0;
  /* 6 × 6 rather than 9 × 4, 10 × 5 rather than 5 × 5 × 2; fewer passes first. */
  for (int i = 0; i < 7; ++i)
    while (length % preferred[i] == 0 && count < 16) {
      radices[count++] = preferred[i];
      length /= preferred[i];
    }
  if (length != 1) return 0;
  if (count == 0) radices[count++] = 1;
  return count;
}

int codec_lane_fft_length(int minimum) {
  int radices[16];
  while (factor(minimum, radices) == 0) ++minimum;
  return minimum;
}

codec_lane_fft *codec_lane_fft_make(int length) {
  codec_lane_fft *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->length = length;
  plan->passes = factor(length, plan->radices);
  plan->memory = malloc(sizeof(float) * 4 * (size_t)(length + 16));
  if (!plan->memory || plan->passes == 0) {
    codec_lane_fft_free(plan);
    return NULL;
  }
  float *next = plan->memory;
  int remaining = length;
  for (int pass = 0; pass < plan->passes; ++pass) {
    const int radix = plan->radices[pass];
    plan->twiddles[pass] = next;
    for (int p = 0; p < remaining / radix; ++p)
      for (int j = 1; j < radix; ++j) {
        const double angle = -2 * M_PI * p * j / remaining;
        *next++ = (float)cos(angle);
        *next++ = (float)sin(angle);
      }
    remaining /= radix;
  }
  return plan;
}

void codec_lane_fft_free(codec_lane_fft *plan) {
  if (!plan) return;
  free(plan->memory);
  free(plan);
}

CODEC_VECTORISED void codec_lane_fft_run(const codec_lane_fft *plan, int inverse, const float *x, ptrdiff_t x_stride,
                                         float *y, ptrdiff_t y_stride, float *scratch) {
  const int re = inverse ? LANES : 0, last = plan->passes - 1;
  float *halves[2] = {scratch, scratch + ELEMENT * plan->length};
  int done = 1;
  for (int pass = 0; pass <= last; ++pass) {
    const int radix = plan->radices[pass];
    float *target = pass == last ? y : halves[pass & 1];
    const ptrdiff_t target_stride = pass == last ? y_stride : ELEMENT;
    fft_any_pass(radix, plan->length / done, done, plan->twiddles[pass], re, x, x_stride, target, target_stride);
    x = target;
    x_stride = target_stride;
    done *= radix;
  }
}
