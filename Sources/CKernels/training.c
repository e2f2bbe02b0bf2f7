#include "training.h"

#include "CKernels.h"

#define TRAINING_INLINE static inline __attribute__((always_inline))
enum { WIDE = 64, NARROW = 8 };

/* Moments of `n` neighbouring columns. */
TRAINING_INLINE void moments(const int n, size_t rows, size_t width, const float *x, float *mean, float *squares) {
  float sum[WIDE] = {0};
  const float share = 1.0f / (float)rows;
  for (size_t r = 0; r < rows; ++r)
    for (int i = 0; i < n; ++i) sum[i] += x[r * width + (size_t)i];
  for (int i = 0; i < n; ++i) mean[i] = sum[i] * share, sum[i] = 0;
  for (size_t r = 0; r < rows; ++r)
    for (int i = 0; i < n; ++i) {
      const float difference = x[r * width + (size_t)i] - mean[i];
      sum[i] += difference * difference;
    }
  for (int i = 0; i < n; ++i) squares[i] = sum[i];
}

CODEC_VECTORISED void codec_column_moments(size_t rows, size_t width, const float *x, float *mean, float *squares) {
  size_t i = 0;
  for (; i + WIDE <= width; i += WIDE) moments(WIDE, rows, width, x + i, mean + i, squares + i);
  for (; i < width; i += NARROW) moments(NARROW, rows, width, x + i, mean + i, squares + i);
}

CODEC_VECTORISED void codec_combine_moments(size_t parts, size_t rows, size_t width, const float *means,
                                            const float *squares, float *mean, float *variance) {
  for (size_t i = 0; i < width; ++i) {
    float sum = 0, spread = 0;
    for (size_t p = 0; p < parts; ++p) sum += means[p * width + i];
    mean[i] = sum / (float)parts;
    for (size_t p = 0; p < parts; ++p) {
      const float difference = means[p * width + i] - mean[i];
      spread += squares[p * width + i] + (float)rows * difference * difference;
    }
    variance[i] = spread / (float)(parts * rows);
  }
}

CODEC_VECTORISED void codec_column_affine(size_t rows, size_t width, const float *x, const float *factor,
                                          const float *offset, const float *noise, int rectifies, float *y) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t i = 0; i < width; ++i) {
      const size_t at = r * width + i;
      const float value = factor[i] * x[at] + offset[i] + (noise ? noise[at] : 0);
      y[at] = rectifies && !(value > 0) ? 0 : value;
    }
}

/* Sums of `n` neighbouring columns, and of their products with x. */
TRAINING_INLINE void slope_sums(const int n, size_t rows, size_t width, const float *x, const float *y,
                                const float *centre, const float *narrow, float activity, float *dy, float *sum,
                                float *product) {
  float sums[WIDE] = {0}, products[WIDE] = {0};
  for (size_t r = 0; r < rows; ++r)
    for (int i = 0; i < n; ++i) {
      const size_t at = r * width + (size_t)i;
      float slope = dy[at];
      if (y) {
        slope = y[at] > 0 ? slope + activity : 0;
        dy[at] = slope;
      }
      sums[i] += slope;
      products[i] += slope * ((x[at] - centre[i]) * narrow[i]);
    }
  for (int i = 0; i < n; ++i) sum[i] = sums[i], product[i] = products[i];
}

CODEC_VECTORISED void codec_column_slopes(size_t rows, size_t width, const float *x, const float *y,
                                          const float *centre, const float *narrow, float activity, float *dy,
                                          float *sum, float *product) {
  size_t i = 0;
  for (; i + WIDE <= width; i += WIDE)
    slope_sums(WIDE, rows, width, x + i, y ? y + i : 0, centre + i, narrow + i, activity, dy + i, sum + i,
               product + i);
  for (; i < width; i += NARROW)
    slope_sums(NARROW, rows, width, x + i, y ? y + i : 0, centre + i, narrow + i, activity, dy + i, sum + i,
               product + i);
}

CODEC_VECTORISED void codec_sum_parts(size_t parts, size_t width, const float *x, float *sum) {
  for (size_t i = 0; i < width; ++i) sum[i] = x[i];
  for (size_t p = 1; p < parts; ++p)
    for (size_t i = 0; i < width; ++i) sum[i] += x[p * width + i];
}

CODEC_VECTORISED void codec_column_reverse(size_t rows, size_t width, const float *x, const float *centre,
                                           const float *narrow, const float *factor, const float *from_mean,
                                           const float *from_deviation, float *dy) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t i = 0; i < width; ++i) {
      const size_t at = r * width + i;
      dy[at] = factor[i] * (dy[at] - from_mean[i] - (x[at] - centre[i]) * narrow[i] * from_deviation[i]);
    }
}

typedef float numbers __attribute__((vector_size(32), aligned(4), may_alias));
#define NUMBERS_AT(p) (*(const numbers *)(p))

/* Products of `rows` rows of x with `outputs` rows of w. */
TRAINING_INLINE void dot_rows(const int rows, const int outputs, size_t n, const float *w, const float *x,
                              ptrdiff_t y_row, float *y) {
  numbers sum[4][4] = {0};
  for (size_t i = 0; i < n; i += NARROW)
    for (int r = 0; r < rows; ++r)
      for (int o = 0; o < outputs; ++o)
        sum[r][o] += NUMBERS_AT(w + (size_t)o * n + i) * NUMBERS_AT(x + (size_t)r * n + i);
  for (int r = 0; r < rows; ++r)
    for (int o = 0; o < outputs; ++o) {
      float total = 0;
      for (int k = 0; k < NARROW; ++k) total += sum[r][o][k];
      y[r * y_row + o] = total;
    }
}

CODEC_VECTORISED void codec_row_products(size_t rows, size_t outputs, size_t n, const float *w, const float *x,
                                         ptrdiff_t y_row, float *y) {
  for (size_t r = 0; r + 4 <= rows; r += 4, x += 4 * n, y += 4 * y_row) {
    size_t o = 0;
    for (; o + 3 <= outputs; o += 3) dot_rows(4, 3, n, w + o * n, x, y_row, y + o);
    for (; o < outputs; ++o) dot_rows(4, 1, n, w + o * n, x, y_row, y + o);
  }
}

TRAINING_INLINE void sum_rows(const int rows, size_t terms, const float *c, ptrdiff_t c_row, ptrdiff_t c_term,
                              const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row) {
  numbers sum[8] = {0};
  for (size_t t = 0; t < terms; ++t, c += c_term, x += x_row) {
    const numbers given = NUMBERS_AT(x);
    for (int r = 0; r < rows; ++r) sum[r] += c[r * c_row] * given;
  }
  for (int r = 0; r < rows; ++r) *(numbers *)(y + r * y_row) = sum[r];
}

CODEC_VECTORISED void codec_row_sums(size_t rows, size_t terms, size_t n, const float *c, ptrdiff_t c_row,
                                     ptrdiff_t c_term, const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row) {
  for (size_t i = 0; i < n; i += NARROW) {
    ptrdiff_t r = 0;
    for (; r + 8 <= (ptrdiff_t)rows; r += 8)
      sum_rows(8, terms, c + r * c_row, c_row, c_term, x + i, x_row, y + r * y_row + (ptrdiff_t)i, y_row);
    for (; r < (ptrdiff_t)rows; ++r)
      sum_rows(1, terms, c + r * c_row, c_row, c_term, x + i, x_row, y + r * y_row + (ptrdiff_t)i, y_row);
  }
}
