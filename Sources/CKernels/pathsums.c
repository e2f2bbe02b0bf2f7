#include "CKernels.h"

/* Units taken at a time: the rows of two neighbouring path points then stay in the first-level cache. */
enum { BLOCK = 1024, LANES = 16 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static inline const float *row_of(codec_path_points points, int32_t row, size_t units) {
  const size_t r = (size_t)row;
  return r < points.batch_rows ? points.batch + r * units : points.held + (r - points.batch_rows) * units;
}

CODEC_VECTORISED void codec_path_sum(size_t units, size_t terms, const codec_path_term *term,
                                     codec_path_points values, codec_path_points gradients, float *sum) {
  for (size_t start = 0; start < units; start += BLOCK) {
    size_t n = smaller(BLOCK, units - start);
    float *restrict out = sum + start;
    for (size_t t = 0; t < terms; ++t) {
      const float *restrict g0 = row_of(gradients, term[t].gradient_low, units) + start;
      const float *restrict g1 = row_of(gradients, term[t].gradient_high, units) + start;
      const float *restrict v0 = row_of(values, term[t].value_low, units) + start;
      const float *restrict v1 = row_of(values, term[t].value_high, units) + start;
      float half = 0.5f * term[t].weight;
      for (size_t u = 0; u < n; ++u) out[u] += half * (g0[u] + g1[u]) * (v1[u] - v0[u]);
    }
  }
}

CODEC_VECTORISED void codec_path_totals(size_t units, size_t terms, const codec_path_term *term,
                                        codec_path_points values, codec_path_points gradients, double *totals) {
  for (size_t start = 0; start < units; start += BLOCK) {
    size_t n = smaller(BLOCK, units - start);
    for (size_t t = 0; t < terms; ++t) {
      const float *restrict g0 = row_of(gradients, term[t].gradient_low, units) + start;
      const float *restrict g1 = row_of(gradients, term[t].gradient_high, units) + start;
      const float *restrict v0 = row_of(values, term[t].value_low, units) + start;
      const float *restrict v1 = row_of(values, term[t].value_high, units) + start;
      double lane[LANES] = {0};
      size_t u = 0;
      for (; u + LANES <= n; u += LANES)
        for (size_t l = 0; l < LANES; ++l)
          lane[l] += (double)(g0[u + l] + g1[u + l]) * (double)(v1[u + l] - v0[u + l]);
      for (; u < n; ++u) lane[0] += (double)(g0[u] + g1[u]) * (double)(v1[u] - v0[u]);
      double total = 0;
      for (size_t l = 0; l < LANES; ++l) total += lane[l];
      totals[t] += 0.5 * (double)term[t].weight * total;
    }
  }
}

CODEC_VECTORISED void codec_product_sum(size_t units, size_t rows, const float *weights, const float *a,
                                        const float *offset, const float *b, float *sum) {
  for (size_t start = 0; start < units; start += BLOCK) {
    size_t n = smaller(BLOCK, units - start);
    float *restrict out = sum + start;
    for (size_t r = 0; r < rows; ++r) {
      const float *restrict x = a + r * units + start;
      const float *restrict y = b + r * units + start;
      float weight = weights[r];
      if (offset) {
        const float *restrict origin = offset + start;
        for (size_t u = 0; u < n; ++u) out[u] += weight * (x[u] - origin[u]) * y[u];
      } else {
        for (size_t u = 0; u < n; ++u) out[u] += weight * x[u] * y[u];
      }
    }
  }
}

CODEC_VECTORISED void codec_path_rows(size_t units, size_t rows, const double *along, const float *from,
                                      const float *to, float *out) {
  for (size_t start = 0; start < units; start += BLOCK) {
    size_t n = smaller(BLOCK, units - start);
    const float *restrict x0 = from + start;
    const float *restrict x1 = to + start;
    for (size_t r = 0; r < rows; ++r) {
      float *restrict row = out + r * units + start;
      /* alpha in two parts: rounding it would shift every unit of the point alike. */
      float alpha = (float)along[r], rest = (float)(along[r] - (double)alpha);
      for (size_t u = 0; u < n; ++u) {
        float step = x1[u] - x0[u];
        row[u] = x0[u] + (alpha * step + rest * step);
      }
    }
  }
}

/* One channel of one outer entry: `n` neighbouring numbers. */
CODEC_VECTORISED static void split_run(size_t n, const float *restrict x, double *negative, double *positive) {
  double low[LANES] = {0}, high[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; ++l) {
      float value = x[i + l];
      low[l] += (double)(value > 0 ? 0.0f : value);
      high[l] += (double)(value > 0 ? value : 0.0f);
    }
  for (; i < n; ++i) {
    low[0] += (double)(x[i] > 0 ? 0.0f : x[i]);
    high[0] += (double)(x[i] > 0 ? x[i] : 0.0f);
  }
  for (size_t l = 0; l < LANES; ++l) {
    *negative += low[l];
    *positive += high[l];
  }
}

/* One number a channel: channels are neighbours. */
CODEC_VECTORISED static void split_across(size_t channels, const float *restrict x, double *restrict negative,
                                          double *restrict positive) {
  for (size_t c = 0; c < channels; ++c) {
    negative[c] += (double)(x[c] > 0 ? 0.0f : x[c]);
    positive[c] += (double)(x[c] > 0 ? x[c] : 0.0f);
  }
}

/* A NaN is not above 0, so it goes to the negative part and is not lost. */
void codec_sign_split(size_t outer, size_t channels, size_t inner, const float *map, double *negative,
                      double *positive) {
  for (size_t c = 0; c < channels; ++c) negative[c] = positive[c] = 0;
  for (size_t o = 0; o < outer; ++o) {
    const float *rows = map + o * channels * inner;
    if (inner == 1) {
      split_across(channels, rows, negative, positive);
    } else {
      for (size_t c = 0; c < channels; ++c) split_run(inner, rows + c * inner, negative + c, positive + c);
    }
  }
}

CODEC_VECTORISED double codec_square_sum(size_t n, const float *x) {
  double lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; ++l) lane[l] += (double)x[i + l] * (double)x[i + l];
  for (; i < n; ++i) lane[0] += (double)x[i] * (double)x[i];
  double total = 0;
  for (size_t l = 0; l < LANES; ++l) total += lane[l];
  return total;
}
