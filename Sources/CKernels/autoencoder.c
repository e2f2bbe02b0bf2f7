#include "CKernels.h"

#include <string.h>

/* Eight samples; wider and narrower processors split or join them. */
typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t mask_lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint16_t half_lanes __attribute__((vector_size(16), aligned(2), may_alias));
enum { lane_count = 8 };

#define LANES(pointer) (*(const lanes *)(pointer))
#define STORE(pointer, value) (*(lanes *)(pointer) = (value))
#define SPREAD(value) ((lanes){0} + (value))
#define SELECT(mask, yes) ((lanes)((mask_lanes)(mask) & (mask_lanes)(yes)))
#define SUM(v) (((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])))

CODEC_VECTORISED void codec_rows_to_columns(size_t count, size_t width, size_t stride, const float *restrict rows,
                                            float *restrict columns) {
  for (size_t f = 0; f < width; ++f) {
    float *column = columns + f * stride;
    for (size_t s = 0; s < count; ++s) column[s] = rows[s * width + f];
    for (size_t s = count; s < stride; ++s) column[s] = 0;
  }
}

CODEC_VECTORISED void codec_columns_to_rows(size_t count, size_t width, size_t stride, const float *restrict columns,
                                            float *restrict rows) {
  for (size_t f = 0; f < width; ++f) {
    for (size_t s = 0; s < count; ++s) rows[s * width + f] = columns[f * stride + s];
  }
}

void codec_gather_samples(size_t count, size_t width, const uint32_t *index, const float *data, size_t stride,
                          float *rows, float *columns) {
  for (size_t s = 0; s < count; ++s) memcpy(rows + s * width, data + (size_t)index[s] * width, width * sizeof(float));
  codec_rows_to_columns(count, width, stride, rows, columns);
}

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

#define LIST_ROW(row, code_number)                                                      \
  for (size_t lane = 0; lane < 2 * lane_count; ++lane) {                                \
    code[found] = (uint32_t)(code_number);                                              \
    sample[found] = (uint32_t)(s + lane);                                               \
    pre[found] = (row)[lane];                                                           \
    found += (size_t)(((row)[lane] >= threshold) & (s + lane < count));                 \
  }

CODEC_VECTORISED size_t codec_active_codes(size_t codes, size_t inputs, size_t count, size_t stride,
                                           const float *restrict w, const float *restrict x, float threshold,
                                           size_t found, uint32_t *restrict code, uint32_t *restrict sample,
                                           float *restrict pre) {
  float tile[4][2 * lane_count];
  for (size_t s = 0; s < count; s += 2 * lane_count) {
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
      for (size_t q = 0; q < rows; ++q) {
        mask_lanes on = (sum[q][0] >= threshold) | (sum[q][1] >= threshold);
        if (!__builtin_reduce_or(on)) continue;
        STORE(tile[q], sum[q][0]);
        STORE(tile[q] + lane_count, sum[q][1]);
        LIST_ROW(tile[q], k + q)
      }
    }
  }
  return found;
}

CODEC_VECTORISED size_t codec_listed_codes(size_t codes, size_t first, size_t count, size_t stride,
                                           const float *restrict pre_codes, float threshold, size_t found,
                                           uint32_t *restrict code, uint32_t *restrict sample, float *restrict pre) {
  for (size_t k = 0; k < codes; ++k) {
    for (size_t s = 0; s < count; s += 2 * lane_count) {
      const float *row = pre_codes + k * stride + s;
      mask_lanes on = (LANES(row) >= threshold) | (LANES(row + lane_count) >= threshold);
      if (!__builtin_reduce_or(on)) continue;
      LIST_ROW(row, first + k)
    }
  }
  return found;
}
