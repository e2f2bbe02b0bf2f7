#include <math.h>

#include "NetworkKernels.h"
#include "vector_math.h"

/* A slope function as a loop: result (+)= slope(x[i]) * given[i]. */
#define SLOPES(name, expression)                                                                              \
  CODEC_VECTORISED void name(size_t n, const float *restrict xs, const float *restrict ys,                     \
                             const float *restrict given, float *restrict result, int adds) {                  \
    for (size_t i = 0; i < n; ++i) {                                                                           \
      const float x = xs[i], y = ys[i];                                                                        \
      (void)x, (void)y;                                                                                        \
      result[i] = (adds ? result[i] : 0) + (expression) * given[i];                                            \
    }                                                                                                          \
  }
#define VALUES(name, expression)                                                                              \
  CODEC_VECTORISED void name(size_t n, const float *restrict xs, float *restrict ys) {                         \
    for (size_t i = 0; i < n; ++i) {                                                                           \
      const float x = xs[i];                                                                                   \
      ys[i] = (expression);                                                                                    \
    }                                                                                                          \
  }

CODEC_INLINE float magnitude(float x) { return float_of(bits_of(x) & 0x7fffffffu); }
CODEC_INLINE float with_sign(float x, float sign) { return float_of(bits_of(x) | (bits_of(sign) & 0x80000000u)); }
CODEC_INLINE float between(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

CODEC_INLINE float logistic(float x) {
  float e = vector_exp(-magnitude(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

/* log(1 - erf(t)) for 0.92 < t; polynomials of N. Juffa's erff. Beyond 10 all is 0 in single precision. */
CODEC_INLINE float log_complement(float t) {
  const float s = t * t;
  float r = -1.72853470e-5f * t + 3.83197126e-4f;
  const float u = -3.88396438e-3f * t + 2.42546219e-2f;
  r = r * s + u;
  r = r * t - 1.06777877e-1f;
  r = r * t - 6.34846687e-1f;
  r = r * t - 1.28717512e-1f;
  return r * t - t;
}

/* erf(x) for |x| <= 0.93. */
CODEC_INLINE float small_erf(float x) {
  const float s = x * x;
  float r = -5.96761703e-4f;
  r = r * s + 4.99119423e-3f;
  r = r * s - 2.67681349e-2f;
  r = r * s + 1.12819925e-1f;
  r = r * s - 3.76125336e-1f;
  r = r * s + 1.28379166e-1f;
  return r * x + x;
}

static const float erf_switch = 0.927734375f;

CODEC_INLINE float error_function(float x) {
  const float t = between(magnitude(x), 0, 10);
  const float large = with_sign(1 - vector_exp(log_complement(t)), x);
  return t > erf_switch ? large : small_erf(between(x, -1, 1));
}

/* The normal distribution function; its tails keep their relative precision. */
CODEC_INLINE float normal_share(float x) {
  const float z = x * 0.70710678118654752f;
  const float t = between(magnitude(z), 0, 10);
  const float tail = 0.5f * vector_exp(log_complement(t));
  const float large = x < 0 ? tail : 1 - tail;
  return t > erf_switch ? large : 0.5f + 0.5f * small_erf(between(z, -1, 1));
}

CODEC_INLINE float hyperbolic_tangent(float x) {
  const float t = magnitude(x), z = x * x;
  const float e = vector_exp(-2 * t);
  const float large = with_sign((1 - e) / (1 + e), x);
  float p = -5.70498872745e-3f * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  return t > 0.625f ? large : p * z * x + x;
}

VALUES(codec_erf, error_function(x))
SLOPES(codec_erf_slope, 1.1283791670955126f * vector_exp(-x * x))

VALUES(codec_gelu, x *normal_share(x))
SLOPES(codec_gelu_slope, normal_share(x) + x * 0.3989422804014327f * vector_exp(-0.5f * x * x))

/* GELU by tanh: x s(2u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
CODEC_INLINE float gelu_argument(float x) { return 1.5957691216057308f * x * (1 + 0.044715f * x * x); }
CODEC_INLINE float gelu_tanh_slope(float x) {
  const float v = between(gelu_argument(between(x, -1e3f, 1e3f)), -1e9f, 1e9f), s = logistic(v);
  const float dv = 1.5957691216057308f * (1 + 0.134145f * x * x);
  return s + (s > 0 && s < 1 ? x * s * logistic(-v) * dv : 0);
}
VALUES(codec_gelu_tanh, x *logistic(gelu_argument(between(x, -1e3f, 1e3f))))
SLOPES(codec_gelu_tanh_slope, gelu_tanh_slope(x))

VALUES(codec_tanh, hyperbolic_tangent(x))
SLOPES(codec_tanh_slope, (1 - y) * (1 + y))

VALUES(codec_silu, x *logistic(x))
SLOPES(codec_silu_slope, logistic(x) * (1 + x * logistic(-x)))

VALUES(codec_hard_swish, x *between(x + 3, 0, 6) * (1 / 6.0f))
SLOPES(codec_hard_swish_slope, x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) * (1 / 6.0f))

CODEC_VECTORISED void codec_clip(size_t n, float low, float high, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = between(x[i], low, high);
}

CODEC_VECTORISED void codec_clip_slope(size_t n, float low, float high, const float *restrict x,
                                       const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i)
    result[i] = (adds ? result[i] : 0) + (x[i] > low && x[i] < high ? given[i] : 0);
}

CODEC_VECTORISED void codec_hard_sigmoid(size_t n, float slope, float shift, const float *restrict x,
                                         float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = between(slope * x[i] + shift, 0, 1);
}

CODEC_VECTORISED void codec_hard_sigmoid_slope(size_t n, float slope, const float *restrict y,
                                               const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i)
    result[i] = (adds ? result[i] : 0) + (y[i] > 0 && y[i] < 1 ? slope * given[i] : 0);
}

CODEC_VECTORISED void codec_leaky_relu(size_t n, float slope, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

CODEC_VECTORISED void codec_leaky_relu_slope(size_t n, float slope, const float *restrict x,
                                             const float *restrict given, float *restrict result, int adds) {
  for (size_t i = 0; i < n; ++i)
    result[i] = (adds ? result[i] : 0) + (x[i] > 0 ? given[i] : slope * given[i]);
}

void codec_power(size_t n, float exponent, const float *x, float *y) {
  if (exponent == 2)
    for (size_t i = 0; i < n; ++i) y[i] = x[i] * x[i];
  else if (exponent == 0.5f)
    for (size_t i = 0; i < n; ++i) y[i] = sqrtf(x[i]);
  else
    for (size_t i = 0; i < n; ++i) y[i] = powf(x[i], exponent);
}

void codec_power_slope(size_t n, float exponent, const float *x, const float *y, const float *given, float *result,
                       int adds) {
  for (size_t i = 0; i < n; ++i) {
    const float slope = exponent == 2      ? 2 * x[i]
                        : exponent == 0.5f ? 0.5f / y[i]
                                           : exponent * powf(x[i], exponent - 1);
    result[i] = (adds ? result[i] : 0) + slope * given[i];
  }
}
