#pragma once
/* Sums along the path of a contribution, and what leaves them: sign splits and channel sums. */
#include <stddef.h>
#include <stdint.h>

/* Rows of `units` numbers in two places: row r < batch_rows of a batch, and row r - batch_rows of those held from
   earlier batches. */
typedef struct {
  size_t batch_rows;
  const float *batch, *held;
} codec_path_points;

/* weight · ½ (g[gradient_low] + g[gradient_high]) · (v[value_high] − v[value_low]), by rows */
typedef struct {
  int32_t gradient_low, gradient_high, value_low, value_high;
  float weight;
} codec_path_term;

/* sum[u] += Σ over terms. */
void codec_path_sum(size_t units, size_t terms, const codec_path_term *term, codec_path_points values,
                    codec_path_points gradients, float *sum);

/* totals[t] += Σ over units of each term. */
void codec_path_totals(size_t units, size_t terms, const codec_path_term *term, codec_path_points values,
                       codec_path_points gradients, double *totals);

/* sum[u] += Σ over rows r of weights[r] · (a[r][u] − offset[u]) · b[r][u]; a null offset counts as 0. */
void codec_product_sum(size_t units, size_t rows, const float *weights, const float *a, const float *offset,
                       const float *b, float *sum);

/* out[k][u] = from[u] + along[k] · (to[u] − from[u]) */
void codec_path_rows(size_t units, size_t rows, const double *along, const float *from, const float *to,
                     float *out);

/* Sums of the negative and of the positive entries of map [outer, channel, inner] by channel. */
void codec_sign_split(size_t outer, size_t channels, size_t inner, const float *map, double *negative,
                      double *positive);

/* Σ x² */
double codec_square_sum(size_t n, const float *x);
