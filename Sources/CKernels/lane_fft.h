#pragma once
/* Fast Fourier transforms of many signals at once: element j of a transform is eight lanes of real parts followed by
   eight lanes of imaginary parts, one lane per signal. Lengths are products of 2, 3 and 5; passes are Stockham's, which
   need no reordering. Everything is inlined into callers that are compiled for several instruction sets. */
#include <stddef.h>
#include "SpectralKernels.h"

#define SPECTRAL_INLINE static inline __attribute__((always_inline))
#define LANES 8
/* Floats of one complex element. */
#define ELEMENT (2 * LANES)

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef float unaligned_lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef struct { lanes re, im; } complex_lanes;

SPECTRAL_INLINE complex_lanes c_add(complex_lanes a, complex_lanes b) {
  return (complex_lanes){a.re + b.re, a.im + b.im};
}
SPECTRAL_INLINE complex_lanes c_sub(complex_lanes a, complex_lanes b) {
  return (complex_lanes){a.re - b.re, a.im - b.im};
}
/* a - i b, a + i b, s a */
SPECTRAL_INLINE complex_lanes c_minus_i(complex_lanes a, complex_lanes b) {
  return (complex_lanes){a.re + b.im, a.im - b.re};
}
SPECTRAL_INLINE complex_lanes c_plus_i(complex_lanes a, complex_lanes b) {
  return (complex_lanes){a.re - b.im, a.im + b.re};
}
SPECTRAL_INLINE complex_lanes c_scale(float s, complex_lanes a) { return (complex_lanes){s * a.re, s * a.im}; }
SPECTRAL_INLINE complex_lanes c_turn(complex_lanes a, float re, float im) {
  return (complex_lanes){a.re * re - a.im * im, a.im * re + a.re * im};
}

/* Transforms of a few elements in registers, exponent -2πi jk / n. */
SPECTRAL_INLINE void dft2(const complex_lanes *a, complex_lanes *b) {
  b[0] = c_add(a[0], a[1]);
  b[1] = c_sub(a[0], a[1]);
}

SPECTRAL_INLINE void dft3(complex_lanes a0, complex_lanes a1, complex_lanes a2, complex_lanes *b0, complex_lanes *b1,
                          complex_lanes *b2) {
  const complex_lanes sum = c_add(a1, a2), difference = c_scale(0.866025404f, c_sub(a1, a2));
  const complex_lanes middle = c_sub(a0, c_scale(0.5f, sum));
  *b0 = c_add(a0, sum);
  *b1 = c_minus_i(middle, difference);
  *b2 = c_plus_i(middle, difference);
}

SPECTRAL_INLINE void dft4(complex_lanes a0, complex_lanes a1, complex_lanes a2, complex_lanes a3, complex_lanes *b0,
                          complex_lanes *b1, complex_lanes *b2, complex_lanes *b3) {
  const complex_lanes s02 = c_add(a0, a2), d02 = c_sub(a0, a2), s13 = c_add(a1, a3), d13 = c_sub(a1, a3);
  *b0 = c_add(s02, s13);
  *b2 = c_sub(s02, s13);
  *b1 = c_minus_i(d02, d13);
  *b3 = c_plus_i(d02, d13);
}

SPECTRAL_INLINE void dft5(complex_lanes a0, complex_lanes a1, complex_lanes a2, complex_lanes a3, complex_lanes a4,
                          complex_lanes *b0, complex_lanes *b1, complex_lanes *b2, complex_lanes *b3,
                          complex_lanes *b4) {
  const float c1 = 0.309016994f, c2 = -0.809016994f, s1 = 0.951056516f, s2 = 0.587785252f;
  const complex_lanes s14 = c_add(a1, a4), d14 = c_sub(a1, a4), s23 = c_add(a2, a3), d23 = c_sub(a2, a3);
  const complex_lanes m1 = c_add(a0, c_add(c_scale(c1, s14), c_scale(c2, s23)));
  const complex_lanes m2 = c_add(a0, c_add(c_scale(c2, s14), c_scale(c1, s23)));
  const complex_lanes t1 = c_add(c_scale(s1, d14), c_scale(s2, d23));
  const complex_lanes t2 = c_sub(c_scale(s2, d14), c_scale(s1, d23));
  *b0 = c_add(a0, c_add(s14, s23));
  *b1 = c_minus_i(m1, t1);
  *b4 = c_plus_i(m1, t1);
  *b2 = c_minus_i(m2, t2);
  *b3 = c_plus_i(m2, t2);
}

/* Radix 6 and 10 as 2 × 3 and 2 × 5 without twiddle factors (Good and Thomas). */
SPECTRAL_INLINE void dft6(const complex_lanes *a, complex_lanes *b) {
  complex_lanes e0, e1, e2, o0, o1, o2;
  dft3(a[0], a[2], a[4], &e0, &e1, &e2);
  dft3(a[3], a[5], a[1], &o0, &o1, &o2);
  b[0] = c_add(e0, o0);
  b[3] = c_sub(e0, o0);
  b[4] = c_add(e1, o1);
  b[1] = c_sub(e1, o1);
  b[2] = c_add(e2, o2);
  b[5] = c_sub(e2, o2);
}

SPECTRAL_INLINE void dft10(const complex_lanes *a, complex_lanes *b) {
  complex_lanes e[5], o[5];
  dft5(a[0], a[2], a[4], a[6], a[8], &e[0], &e[1], &e[2], &e[3], &e[4]);
  dft5(a[5], a[7], a[9], a[1], a[3], &o[0], &o[1], &o[2], &o[3], &o[4]);
  for (int k = 0; k < 5; ++k) {
    b[6 * k % 10] = c_add(e[k], o[k]);
    b[(5 + 6 * k) % 10] = c_sub(e[k], o[k]);
  }
}

SPECTRAL_INLINE void dft8(const complex_lanes *a, complex_lanes *b) {
  const float half = 0.707106781f;
  complex_lanes e0, e1, e2, e3, o0, o1, o2, o3;
  dft4(a[0], a[2], a[4], a[6], &e0, &e1, &e2, &e3);
  dft4(a[1], a[3], a[5], a[7], &o0, &o1, &o2, &o3);
  o1 = c_scale(half, (complex_lanes){o1.re + o1.im, o1.im - o1.re});
  o3 = c_scale(half, (complex_lanes){o3.im - o3.re, -o3.re - o3.im});
  b[0] = c_add(e0, o0);
  b[4] = c_sub(e0, o0);
  b[1] = c_add(e1, o1);
  b[5] = c_sub(e1, o1);
  b[2] = c_minus_i(e2, o2);
  b[6] = c_plus_i(e2, o2);
  b[3] = c_add(e3, o3);
  b[7] = c_sub(e3, o3);
}

SPECTRAL_INLINE void dft(int radix, const complex_lanes *a, complex_lanes *b) {
  switch (radix) {
    case 2: dft2(a, b); break;
    case 3: dft3(a[0], a[1], a[2], &b[0], &b[1], &b[2]); break;
    case 4: dft4(a[0], a[1], a[2], a[3], &b[0], &b[1], &b[2], &b[3]); break;
    case 5: dft5(a[0], a[1], a[2], a[3], a[4], &b[0], &b[1], &b[2], &b[3], &b[4]); break;
    case 6: dft6(a, b); break;
    case 8: dft8(a, b); break;
    case 10: dft10(a, b); break;
    default: b[0] = a[0]; break;
  }
}

/* One pass: `remaining` of the length are still to be transformed, `done` = length / remaining are. Strides are in
   floats. `re` is 0, or LANES to exchange real and imaginary parts, which makes the transform an inverse one. */
SPECTRAL_INLINE void fft_pass(int radix, int remaining, int done, const float *twiddles, int re, const float *x,
                              ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
  const int im = LANES - re, part = remaining / radix;
  for (int p = 0; p < part; ++p) {
    const float *turns = twiddles + 2 * p * (radix - 1);
    for (int q = 0; q < done; ++q) {
      complex_lanes a[10], b[10];
      for (int j = 0; j < radix; ++j) {
        const float *source = x + (q + done * (p + part * j)) * x_stride;
        a[j] = (complex_lanes){*(const lanes *)(source + re), *(const lanes *)(source + im)};
      }
      dft(radix, a, b);
      if (p > 0)
        for (int j = 1; j < radix; ++j) b[j] = c_turn(b[j], turns[2 * j - 2], turns[2 * j - 1]);
      for (int j = 0; j < radix; ++j) {
        float *target = y + (q + done * (radix * p + j)) * y_stride;
        *(lanes *)(target + re) = b[j].re;
        *(lanes *)(target + im) = b[j].im;
      }
    }
  }
}

SPECTRAL_INLINE void fft_any_pass(int radix, int remaining, int done, const float *twiddles, int re, const float *x,
                                  ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
  switch (radix) {
    case 2: fft_pass(2, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 3: fft_pass(3, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 4: fft_pass(4, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 5: fft_pass(5, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 6: fft_pass(6, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 8: fft_pass(8, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    case 10: fft_pass(10, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
    default: fft_pass(1, remaining, done, twiddles, re, x, x_stride, y, y_stride); break;
  }
}
