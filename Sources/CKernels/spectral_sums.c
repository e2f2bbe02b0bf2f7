#include "CKernels.h"

#define SUMS_INLINE static inline __attribute__((always_inline))

/* Eight real parts, then eight imaginary ones. */
typedef float element __attribute__((vector_size(64), aligned(64), may_alias));
typedef int32_t signs __attribute__((vector_size(64), aligned(64), may_alias));
enum { HALF = 8, WHOLE = 16 };

/* Macros: a function with such arguments would need wide registers even where it is not compiled for them. */
#define SWAPPED(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define NEGATIVE INT32_MIN
#define SIGNS(a, b) ((signs){a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b})
/* x v, or x conj v, is re(x) * ALONG(v) + im(x) * ACROSS(v). */
#define ALONG(conjugates, v) ((conjugates) ? (element)((signs)(v) ^ SIGNS(0, NEGATIVE)) : (v))
#define ACROSS(conjugates, v) ((conjugates) ? SWAPPED(v) : (element)((signs)SWAPPED(v) ^ SIGNS(NEGATIVE, 0)))

/* Where input i's real part is, and how far behind it the imaginary one. */
SUMS_INLINE ptrdiff_t place_of(const int interleaved, ptrdiff_t i) {
  return interleaved ? 2 * i : i / HALF * WHOLE + i % HALF;
}

/* Sums over inputs for `n` images, one group of outputs. */
SUMS_INLINE void sum_inputs(const int n, const int interleaved, const int conjugates, const codec_spectral_sum *s,
                            const float *x, const ptrdiff_t *place, const float *v, float *y) {
  const ptrdiff_t imaginary = interleaved ? 1 : HALF;
  const float *images[8];
  element sum[8];
  for (int m = 0; m < n; ++m) {
    images[m] = x + place[m];
    /* The next frequency's numbers are far away, where the processor does not expect them. */
    if (interleaved)
      for (ptrdiff_t i = 0; i < 2 * (ptrdiff_t)s->inputs; i += WHOLE) __builtin_prefetch(images[m] + s->x_step + i);
    sum[m] = (element){0};
  }
  for (ptrdiff_t i = 0; i < (ptrdiff_t)s->inputs; ++i, v += WHOLE * s->groups) {
    const element given = *(const element *)v, re = ALONG(conjugates, given), im = ACROSS(conjugates, given);
    const ptrdiff_t at = place_of(interleaved, i);
    for (int m = 0; m < n; ++m) sum[m] += images[m][at] * re;
    for (int m = 0; m < n; ++m) sum[m] += images[m][at + imaginary] * im;
  }
  for (int m = 0; m < n; ++m) *(element *)(y + (size_t)m * WHOLE * s->groups) = sum[m];
}

SUMS_INLINE void multiply(const int interleaved, const int conjugates, const codec_spectral_sum *s, int block,
                          const float *x, const ptrdiff_t *place, const float *v, float *y) {
  for (size_t f = 0; f < s->frequencies; ++f, x += s->x_step, v += s->v_step, y += s->y_step)
    for (size_t g = 0; g < s->groups; ++g) {
      const float *weights = v + WHOLE * g;
      float *to = y + WHOLE * g;
      size_t m = 0;
      if (block >= 8)
        for (; m + 8 <= s->images; m += 8)
          sum_inputs(8, interleaved, conjugates, s, x, place + m, weights, to + m * WHOLE * s->groups);
      for (; m + 4 <= s->images; m += 4)
        sum_inputs(4, interleaved, conjugates, s, x, place + m, weights, to + m * WHOLE * s->groups);
      for (; m < s->images; ++m)
        sum_inputs(1, interleaved, conjugates, s, x, place + m, weights, to + m * WHOLE * s->groups);
    }
}

/* Sums over images for `n` inputs from `first` on, one group of outputs. */
SUMS_INLINE void sum_images(const int n, const int interleaved, const codec_spectral_sum *s, ptrdiff_t first,
                            const float *x, const ptrdiff_t *place, const float *v, float *y) {
  const ptrdiff_t imaginary = interleaved ? 1 : HALF;
  element sum[20];
  for (int i = 0; i < n; ++i) sum[i] = (element){0};
  for (size_t m = 0; m < s->images; ++m, v += WHOLE * s->groups) {
    const element given = *(const element *)v, re = ALONG(1, given), im = ACROSS(1, given);
    const float *from = x + place[m] + place_of(interleaved, first);
    /* The next frequency's numbers are far away, where the processor does not expect them. */
    if (interleaved)
      for (int i = 0; i < 2 * n; i += WHOLE) __builtin_prefetch(from + s->x_step + i);
    for (int i = 0; i < n; ++i) {
      const float *number = from + place_of(interleaved, i);
      sum[i] += number[0] * re;
      sum[i] += number[imaginary] * im;
    }
  }
  for (int i = 0; i < n; ++i) *(element *)(y + (size_t)(first + i) * WHOLE * s->groups) = sum[i];
}

SUMS_INLINE void correlate(const int interleaved, const codec_spectral_sum *s, int block, const float *x,
                           const ptrdiff_t *place, const float *v, float *y) {
  const ptrdiff_t inputs = (ptrdiff_t)s->inputs;
  for (size_t f = 0; f < s->frequencies; ++f, x += s->x_step, v += s->v_step, y += s->y_step)
    for (size_t g = 0; g < s->groups; ++g) {
      const float *given = v + WHOLE * g;
      float *to = y + WHOLE * g;
      ptrdiff_t i = 0;
      if (interleaved && block >= 20)
        for (; i + 20 <= inputs; i += 20) sum_images(20, interleaved, s, i, x, place, given, to);
      if (block >= 8)
        for (; i + 8 <= inputs; i += 8) sum_images(8, interleaved, s, i, x, place, given, to);
      for (; i + 4 <= inputs; i += 4) sum_images(4, interleaved, s, i, x, place, given, to);
      for (; i < inputs; ++i) sum_images(1, interleaved, s, i, x, place, given, to);
    }
}

/* How many sums fit in the processor's registers beside what they need. */
static int sums_at_once(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") ? 20 : 4;
#else
  return 4;
#endif
}

CODEC_VECTORISED static void multiply_any(const codec_spectral_sum *s, int conjugates, int block, const float *x,
                                          const ptrdiff_t *place, const float *v, float *y) {
  if (s->interleaved)
    conjugates ? multiply(1, 1, s, block, x, place, v, y) : multiply(1, 0, s, block, x, place, v, y);
  else
    conjugates ? multiply(0, 1, s, block, x, place, v, y) : multiply(0, 0, s, block, x, place, v, y);
}

CODEC_VECTORISED static void correlate_any(const codec_spectral_sum *s, int block, const float *x,
                                           const ptrdiff_t *place, const float *v, float *y) {
  s->interleaved ? correlate(1, s, block, x, place, v, y) : correlate(0, s, block, x, place, v, y);
}

void codec_spectral_multiply(const codec_spectral_sum *s, int conjugates, const float *x, const ptrdiff_t *place,
                             const float *v, float *y) {
  multiply_any(s, conjugates, sums_at_once(), x, place, v, y);
}

void codec_spectral_correlate(const codec_spectral_sum *s, const float *x, const ptrdiff_t *place, const float *v,
                              float *y) {
  correlate_any(s, sums_at_once(), x, place, v, y);
}
