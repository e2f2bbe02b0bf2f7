#include "CKernels.h"

#include <string.h>

#include "lanes.h"

CODEC_VECTORISED void codec_dense_columns(size_t outputs, size_t inputs, size_t stride, const float *restrict w,
                                          size_t output_step, size_t input_step, const float *restrict bias,
                                          const float *restrict x, float *restrict y) {
  for (size_t s = 0; s < stride; s += 2 * lane_count) {
    size_t o = 0;
    for (; o + 4 <= outputs; o += 4) {
      lanes sum[4][2];
      for (int q = 0; q < 4; ++q) sum[q][0] = sum[q][1] = SPREAD(bias ? bias[o + q] : 0.0f);
      const float *weight = w + o * output_step;
      for (size_t i = 0; i < inputs; ++i, weight += input_step) {
        lanes left = LANES(x + i * stride + s), right = LANES(x + i * stride + s + lane_count);
        for (int q = 0; q < 4; ++q) {
          float scale = weight[q * output_step];
          sum[q][0] += scale * left;
          sum[q][1] += scale * right;
        }
      }
      for (int q = 0; q < 4; ++q) {
        STORE(y + (o + q) * stride + s, sum[q][0]);
        STORE(y + (o + q) * stride + s + lane_count, sum[q][1]);
      }
    }
    for (; o < outputs; ++o) {
      lanes left = SPREAD(bias ? bias[o] : 0.0f), right = left;
      for (size_t i = 0; i < inputs; ++i) {
        float scale = w[o * output_step + i * input_step];
        left += scale * LANES(x + i * stride + s);
        right += scale * LANES(x + i * stride + s + lane_count);
      }
      STORE(y + o * stride + s, left);
      STORE(y + o * stride + s + lane_count, right);
    }
  }
}

CODEC_VECTORISED void codec_sum_columns(size_t width, size_t stride, const float *restrict dy, float *restrict db) {
  for (size_t f = 0; f < width; ++f) {
    lanes sum = {0};
    for (size_t s = 0; s < stride; s += lane_count) sum += LANES(dy + f * stride + s);
    db[f] = SUM(sum);
  }
}

CODEC_VECTORISED void codec_dense_columns_gradient(size_t outputs, size_t inputs, size_t stride,
                                                   const float *restrict dy, const float *restrict x,
                                                   float *restrict dw, float *restrict db) {
  codec_sum_columns(outputs, stride, dy, db);
  size_t o = 0;
  for (; o + 4 <= outputs; o += 4) {
    size_t i = 0;
    for (; i + 2 <= inputs; i += 2) {
      lanes sum[4][2] = {{{0}}};
      for (size_t s = 0; s < stride; s += lane_count) {
        lanes left = LANES(x + i * stride + s), right = LANES(x + (i + 1) * stride + s);
        for (int q = 0; q < 4; ++q) {
          lanes slope = LANES(dy + (o + q) * stride + s);
          sum[q][0] += slope * left;
          sum[q][1] += slope * right;
        }
      }
      for (int q = 0; q < 4; ++q) {
        dw[(o + q) * inputs + i] = SUM(sum[q][0]);
        dw[(o + q) * inputs + i + 1] = SUM(sum[q][1]);
      }
    }
    for (; i < inputs; ++i) {
      for (int q = 0; q < 4; ++q) {
        lanes sum = {0};
        for (size_t s = 0; s < stride; s += lane_count) {
          sum += LANES(dy + (o + q) * stride + s) * LANES(x + i * stride + s);
        }
        dw[(o + q) * inputs + i] = SUM(sum);
      }
    }
  }
  for (; o < outputs; ++o) {
    for (size_t i = 0; i < inputs; ++i) {
      lanes sum = {0};
      for (size_t s = 0; s < stride; s += lane_count) sum += LANES(dy + o * stride + s) * LANES(x + i * stride + s);
      dw[o * inputs + i] = SUM(sum);
    }
  }
}

CODEC_VECTORISED void codec_add_bias_columns(size_t width, size_t stride, const float *restrict bias,
                                             float *restrict a) {
  for (size_t f = 0; f < width; ++f) {
    for (size_t s = 0; s < stride; ++s) a[f * stride + s] += bias[f];
  }
}

CODEC_VECTORISED void codec_drop_relu_norm(size_t width, size_t stride, const uint16_t *restrict bits, uint32_t drop,
                                           float keep_scale, const float *restrict gain, const float *restrict shift,
                                           float epsilon, float *restrict a, float *restrict y, float *restrict mean,
                                           float *restrict reciprocal_deviation) {
  const float share = 1.0f / (float)width;
  for (size_t s = 0; s < stride; s += lane_count) {
    lanes sum = {0};
    for (size_t f = 0; f < width; ++f) {
      lanes value = LANES(a + f * stride + s);
      value = SELECT(value > 0.0f, value);
      if (bits) {
        half_lanes random = *(const half_lanes *)(bits + f * stride + s);
        mask_lanes kept = __builtin_convertvector(random, mask_lanes) >= (int32_t)drop;
        value = SELECT(kept, value * keep_scale);
      }
      STORE(a + f * stride + s, value);
      sum += value;
    }
    lanes centre = sum * share, squares = {0};
    for (size_t f = 0; f < width; ++f) {
      lanes difference = LANES(a + f * stride + s) - centre;
      squares += difference * difference;
    }
    lanes scale;
    for (int lane = 0; lane < lane_count; ++lane) scale[lane] = squares[lane] * share + epsilon;
    for (int lane = 0; lane < lane_count; ++lane) scale[lane] = 1.0f / __builtin_sqrtf(scale[lane]);
    for (size_t f = 0; f < width; ++f) {
      STORE(y + f * stride + s, (LANES(a + f * stride + s) - centre) * scale * gain[f] + shift[f]);
    }
    STORE(mean + s, centre);
    STORE(reciprocal_deviation + s, scale);
  }
}

CODEC_VECTORISED void codec_drop_relu_norm_gradient(size_t width, size_t stride, float keep_scale,
                                                    const float *restrict gain, const float *restrict rectified,
                                                    const float *restrict mean,
                                                    const float *restrict reciprocal_deviation, float *restrict dy,
                                                    float *restrict dgain, float *restrict dshift) {
  for (size_t f = 0; f < width; ++f) {
    lanes gain_sum = {0}, shift_sum = {0};
    for (size_t s = 0; s < stride; s += lane_count) {
      lanes slope = LANES(dy + f * stride + s);
      lanes normal = (LANES(rectified + f * stride + s) - LANES(mean + s)) * LANES(reciprocal_deviation + s);
      gain_sum += slope * normal;
      shift_sum += slope;
    }
    dgain[f] = SUM(gain_sum);
    dshift[f] = SUM(shift_sum);
  }
  const float share = 1.0f / (float)width;
  for (size_t s = 0; s < stride; s += lane_count) {
    lanes centre = LANES(mean + s), scale = LANES(reciprocal_deviation + s), sum = {0}, projection = {0};
    for (size_t f = 0; f < width; ++f) {
      lanes slope = LANES(dy + f * stride + s) * gain[f];
      sum += slope;
      projection += slope * ((LANES(rectified + f * stride + s) - centre) * scale);
    }
    sum *= share;
    projection *= share;
    for (size_t f = 0; f < width; ++f) {
      lanes value = LANES(rectified + f * stride + s);
      lanes slope = LANES(dy + f * stride + s) * gain[f] - sum - (value - centre) * scale * projection;
      /* A unit passes gradient where it was kept and above zero: exactly where its rectified value is. */
      STORE(dy + f * stride + s, SELECT(value > 0.0f, slope * scale * keep_scale));
    }
  }
}

/* One bit for each of eight samples. */
typedef _Bool lane_bits __attribute__((ext_vector_type(8)));
#define BITS(mask, bits)                                                    \
  do {                                                                      \
    lane_bits boolean = __builtin_convertvector((mask), lane_bits);         \
    uint8_t byte;                                                           \
    memcpy(&byte, &boolean, 1);                                             \
    bits = byte;                                                            \
  } while (0)

/* Which of four codes' sixteen samples, values[4][2] in lanes, reach the threshold: one bit each. */
#define REACHED(values, word)                                                                  \
  do {                                                                                         \
    word = 0;                                                                                  \
    for (int q = 0; q < 4; ++q) {                                                              \
      uint64_t low, high;                                                                      \
      BITS(values[q][0] >= threshold, low);                                                    \
      BITS(values[q][1] >= threshold, high);                                                   \
      word |= (low | high << lane_count) << (16 * q);                                          \
    }                                                                                          \
  } while (0)

/* Lists them. One loop over four codes: its end is what the processor cannot foresee. */
#define LIST(values, word, first_code)                                                         \
  do {                                                                                         \
    float tile[4][2][lane_count];                                                              \
    for (int q = 0; q < 4; ++q) {                                                              \
      STORE(tile[q][0], values[q][0]);                                                         \
      STORE(tile[q][1], values[q][1]);                                                         \
    }                                                                                          \
    while (word) {                                                                             \
      const uint32_t bit = (uint32_t)__builtin_ctzll(word);                                    \
      code[found] = (uint32_t)(first_code) + (bit >> 4);                                       \
      sample[found] = (uint32_t)s + (bit & 15);                                                \
      pre[found++] = ((const float *)tile)[bit];                                               \
      word &= word - 1;                                                                        \
    }                                                                                          \
  } while (0)

/* The bits of four codes' samples that exist. */
#define VALID (0x0001000100010001u * (s + 2 * lane_count <= count ? 0xFFFFu : (1u << (count - s)) - 1))

CODEC_VECTORISED size_t codec_active_codes(size_t codes, size_t inputs, size_t count, size_t stride,
                                           const float *restrict w, const float *restrict x, float threshold,
                                           size_t found, uint32_t *restrict code, uint32_t *restrict sample,
                                           float *restrict pre) {
  for (size_t s = 0; s < count; s += 2 * lane_count) {
    const uint64_t valid = VALID;
    for (size_t k = 0; k < codes; k += 4) {
      size_t rows = codes - k < 4 ? codes - k : 4;
      lanes sum[4][2] = {{{0}}};
      if (rows == 4) {
        const float *weight = w + k * inputs;
        for (size_t i = 0; i < inputs; ++i) {
          lanes left = LANES(x + i * stride + s), right = LANES(x + i * stride + s + lane_count);
          for (int q = 0; q < 4; ++q) {
            float scale = weight[q * inputs + i];
            sum[q][0] += scale * left;
            sum[q][1] += scale * right;
          }
        }
      } else {
        for (size_t q = 0; q < rows; ++q) {
          for (size_t i = 0; i < inputs; ++i) {
            float scale = w[(k + q) * inputs + i];
            sum[q][0] += scale * LANES(x + i * stride + s);
            sum[q][1] += scale * LANES(x + i * stride + s + lane_count);
          }
        }
      }
      uint64_t word;
      REACHED(sum, word);
      word &= valid & ~(uint64_t)0 >> (16 * (4 - rows));
      LIST(sum, word, k);
    }
  }
  return found;
}

CODEC_VECTORISED size_t codec_listed_codes(size_t codes, size_t first, size_t count, size_t stride,
                                           const float *restrict pre_codes, float threshold, size_t found,
                                           uint32_t *restrict code, uint32_t *restrict sample, float *restrict pre) {
  for (size_t k = 0; k < codes; k += 4) {
    const size_t rows = codes - k < 4 ? codes - k : 4;
    for (size_t s = 0; s < count; s += 2 * lane_count) {
      lanes values[4][2] = {{{0}}};
      for (size_t q = 0; q < rows; ++q) {
        values[q][0] = LANES(pre_codes + (k + q) * stride + s);
        values[q][1] = LANES(pre_codes + (k + q) * stride + s + lane_count);
      }
      uint64_t word;
      REACHED(values, word);
      word &= VALID & ~(uint64_t)0 >> (16 * (4 - rows));
      if (word) LIST(values, word, first + k);
    }
  }
  return found;
}
