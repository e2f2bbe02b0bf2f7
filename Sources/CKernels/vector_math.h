#pragma once
/* Elementary functions in single precision without branches, so that loops over them vectorise.
   Each is within 2 units in the last place over its stated range; NaN in gives NaN out. */
#include <stdint.h>
#include <string.h>

#define CODEC_INLINE static inline __attribute__((always_inline))

CODEC_INLINE uint32_t bits_of(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
CODEC_INLINE float float_of(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }

/* e^x; 0 below -87.33 (no subnormals), infinity above 88.72. Range reduction by ln 2 in two parts, degree-6
   polynomial of Cephes, and 2^n applied in two halves because 2^128 does not exist. */
CODEC_INLINE float vector_exp(float x) {
  const float low = -87.33654f, high = 88.72283f, magic = 12582912.f;
  float t = x < low ? low : x;
  t = t > high ? high : t;
  const float shifted = t * 1.44269504f + magic;
  const float n = shifted - magic;
  float r = t - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  const int32_t whole = (int32_t)(bits_of(shifted) - bits_of(magic));
  const int32_t half = whole >> 1;
  const float first = float_of((uint32_t)(half + 127) << 23);
  const float second = float_of((uint32_t)(whole - half + 127) << 23);
  float y = p * first * second;
  y = x < low ? 0.f : y;
  return x > high ? float_of(0x7f800000u) : y;
}

/* log(u) + correction for a positive, finite, normal u = 2^k m; f is m - 1, kept by the caller where it knows it
   better than u does. The polynomial is FreeBSD's (Ng, log1pf). */
CODEC_INLINE float log_from_parts(float f, float k, float correction) {
  const float s = f / (2.f + f);
  const float z = s * s;
  float r = 1.4798198640e-1f;
  r = r * z + 1.5313838422e-1f;
  r = r * z + 1.8183572590e-1f;
  r = r * z + 2.2222198546e-1f;
  r = r * z + 2.8571429849e-1f;
  r = r * z + 4.0000000596e-1f;
  r = r * z + 6.6666668653e-1f;
  r = r * z;
  const float half_square = 0.5f * f * f;
  return s * (half_square + r) + (k * 9.0580006145e-6f + correction) - half_square + f + k * 6.9313812256e-1f;
}

/* log(1 + x) for 0 <= x < 3e38, relative error kept for small x. */
CODEC_INLINE float vector_log1p(float x) {
  const float u = 1.f + x;
  const uint32_t shifted = bits_of(u) + (0x3f800000u - 0x3f3504f3u);
  const int32_t exponent = (int32_t)(shifted >> 23) - 127;
  const float mantissa = float_of((shifted & 0x007fffffu) + 0x3f3504f3u);
  const float lost = exponent >= 2 ? 1.f - (u - x) : x - (u - 1.f);
  const float f = exponent == 0 ? x : mantissa - 1.f;
  const float correction = exponent == 0 ? 0.f : lost / u;
  return log_from_parts(f, (float)exponent, correction);
}

/* log(x) for positive, finite, normal x. */
CODEC_INLINE float vector_log(float x) {
  const uint32_t shifted = bits_of(x) + (0x3f800000u - 0x3f3504f3u);
  const int32_t exponent = (int32_t)(shifted >> 23) - 127;
  const float mantissa = float_of((shifted & 0x007fffffu) + 0x3f3504f3u);
  return log_from_parts(mantissa - 1.f, (float)exponent, 0.f);
}

/* sin and cos of 2 pi u for u in [0, 1]: quarter turns are exact, Cephes polynomials on what is left. */
CODEC_INLINE void vector_sincos_turns(float u, float *sine, float *cosine) {
  const int32_t quarter = (int32_t)(u * 4.f + 0.5f);
  const float angle = (u - (float)quarter * 0.25f) * 6.283185307f;
  const float z = angle * angle;
  const float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * angle + angle;
  const float c =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.f;
  const float swapped_sine = quarter & 1 ? c : s;
  const float swapped_cosine = quarter & 1 ? s : c;
  *sine = quarter & 2 ? -swapped_sine : swapped_sine;
  *cosine = (quarter + 1) & 2 ? -swapped_cosine : swapped_cosine;
}
