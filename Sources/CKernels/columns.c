#include "CKernels.h"
#include "lanes.h"

/* Turns eight rows of eight numbers into columns. */
#define INTERLEAVE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define TRANSPOSE(r)                                                                                   \
  do {                                                                                                 \
    lanes half[8], pair[8];                                                                            \
    for (int q = 0; q < 8; q += 2) {                                                                   \
      half[q] = INTERLEAVE(r[q], r[q + 1], 0, 8, 1, 9, 4, 12, 5, 13);                                  \
      half[q + 1] = INTERLEAVE(r[q], r[q + 1], 2, 10, 3, 11, 6, 14, 7, 15);                            \
    }                                                                                                  \
    for (int q = 0; q < 8; q += 4) {                                                                   \
      for (int w = 0; w < 2; ++w) {                                                                    \
        pair[q + 2 * w] = INTERLEAVE(half[q + w], half[q + w + 2], 0, 1, 8, 9, 4, 5, 12, 13);          \
        pair[q + 2 * w + 1] = INTERLEAVE(half[q + w], half[q + w + 2], 2, 3, 10, 11, 6, 7, 14, 15);    \
      }                                                                                                \
    }                                                                                                  \
    for (int q = 0; q < 4; ++q) {                                                                      \
      r[q] = INTERLEAVE(pair[q], pair[q + 4], 0, 1, 2, 3, 8, 9, 10, 11);                               \
      r[q + 4] = INTERLEAVE(pair[q], pair[q + 4], 4, 5, 6, 7, 12, 13, 14, 15);                         \
    }                                                                                                  \
  } while (0)

CODEC_VECTORISED void codec_gather_samples(size_t count, size_t width, const uint32_t *restrict index,
                                           const float *restrict data, size_t stride, float *restrict rows,
                                           float *restrict columns) {
  size_t s = 0;
  for (; s + lane_count <= count; s += lane_count) {
    size_t f = 0;
    for (; f + lane_count <= width; f += lane_count) {
      lanes r[lane_count];
      for (int q = 0; q < lane_count; ++q) {
        r[q] = LANES(data + (size_t)index[s + q] * width + f);
        STORE(rows + (s + q) * width + f, r[q]);
      }
      TRANSPOSE(r);
      for (int q = 0; q < lane_count; ++q) STORE(columns + (f + q) * stride + s, r[q]);
    }
    for (; f < width; ++f) {
      for (int q = 0; q < lane_count; ++q) {
        columns[f * stride + s + q] = rows[(s + q) * width + f] = data[(size_t)index[s + q] * width + f];
      }
    }
  }
  for (; s < stride; ++s) {
    for (size_t f = 0; f < width; ++f) {
      const float value = s < count ? data[(size_t)index[s] * width + f] : 0;
      if (s < count) rows[s * width + f] = value;
      columns[f * stride + s] = value;
    }
  }
}

CODEC_VECTORISED void codec_rows_to_columns(size_t count, size_t width, size_t stride, const float *restrict rows,
                                            float *restrict columns) {
  size_t s = 0;
  for (; s + lane_count <= count; s += lane_count) {
    size_t f = 0;
    for (; f + lane_count <= width; f += lane_count) {
      lanes r[lane_count];
      for (int q = 0; q < lane_count; ++q) r[q] = LANES(rows + (s + q) * width + f);
      TRANSPOSE(r);
      for (int q = 0; q < lane_count; ++q) STORE(columns + (f + q) * stride + s, r[q]);
    }
    for (; f < width; ++f) {
      for (int q = 0; q < lane_count; ++q) columns[f * stride + s + q] = rows[(s + q) * width + f];
    }
  }
  for (; s < stride; ++s) {
    for (size_t f = 0; f < width; ++f) columns[f * stride + s] = s < count ? rows[s * width + f] : 0;
  }
}

CODEC_VECTORISED void codec_columns_to_rows(size_t count, size_t width, size_t stride,
                                            const float *restrict columns, float *restrict rows) {
  size_t s = 0;
  for (; s + lane_count <= count; s += lane_count) {
    size_t f = 0;
    for (; f + lane_count <= width; f += lane_count) {
      lanes r[lane_count];
      for (int q = 0; q < lane_count; ++q) r[q] = LANES(columns + (f + q) * stride + s);
      TRANSPOSE(r);
      for (int q = 0; q < lane_count; ++q) STORE(rows + (s + q) * width + f, r[q]);
    }
    for (; f < width; ++f) {
      for (int q = 0; q < lane_count; ++q) rows[(s + q) * width + f] = columns[f * stride + s + q];
    }
  }
  for (; s < count; ++s) {
    for (size_t f = 0; f < width; ++f) rows[s * width + f] = columns[f * stride + s];
  }
}
