#include "CKernels.h"
#include "lanes.h"

/* Work on the listed (code, sample) pairs of a sparse autoencoder, and its optimiser. */

CODEC_VECTORISED void codec_decode_codes(size_t found, const uint32_t *restrict code, const uint32_t *restrict sample,
                                         const float *restrict value, size_t width, const float *restrict atoms,
                                         int rectify, float *restrict reconstruction) {
  for (size_t e = 0; e < found; ++e) {
    const float *atom = atoms + (size_t)code[e] * width;
    float *row = reconstruction + (size_t)sample[e] * width;
    float scale = value[e];
    size_t j = 0;
    for (; j + lane_count <= width; j += lane_count) {
      lanes part = LANES(atom + j);
      if (rectify) part = POSITIVE(part);
      STORE(row + j, LANES(row + j) + scale * part);
    }
    for (; j < width; ++j) row[j] += rectify && atom[j] < 0 ? 0 : scale * atom[j];
  }
}

CODEC_VECTORISED double codec_residual(size_t n, const float *restrict data, float *restrict reconstruction) {
  double total = 0;
  /* Single precision within a stretch, double across stretches. */
  for (size_t start = 0; start < n; start += 256) {
    size_t end = start + 256 < n ? start + 256 : n, j = start;
    lanes squares = {0};
    for (; j + lane_count <= end; j += lane_count) {
      lanes error = LANES(reconstruction + j) - LANES(data + j);
      STORE(reconstruction + j, error);
      squares += error * error;
    }
    float rest = 0;
    for (; j < end; ++j) {
      reconstruction[j] -= data[j];
      rest += reconstruction[j] * reconstruction[j];
    }
    total += SUM(squares) + rest;
  }
  return total;
}

CODEC_VECTORISED void codec_code_gradients(size_t found, const uint32_t *restrict code,
                                           const uint32_t *restrict sample, const float *restrict value, size_t width,
                                           const float *restrict atoms, int rectify, const float *restrict error,
                                           float scale, float penalty, size_t hidden_width,
                                           const float *restrict hidden, const float *restrict encoder,
                                           float *restrict datoms, float *restrict dencoder,
                                           float *restrict dhidden) {
  for (size_t e = 0; e < found; ++e) {
    const size_t k = code[e], s = sample[e];
    const float z = value[e], step = z * scale;
    const float *atom = atoms + k * width, *slope = error + s * width;
    float *datom = datoms + k * width;
    lanes product = {0};
    float rest = 0;
    size_t j = 0;
    for (; j + lane_count <= width; j += lane_count) {
      lanes part = LANES(atom + j), down = LANES(slope + j);
      if (rectify) part = POSITIVE(part);
      product += part * down;
      STORE(datom + j, LANES(datom + j) + step * down);
    }
    for (; j < width; ++j) {
      rest += rectify && atom[j] < 0 ? 0 : atom[j] * slope[j];
      datom[j] += step * slope[j];
    }
    const float p = ((SUM(product) + rest) * scale + penalty) * z * (1.0f - z);
    const float *h = hidden + s * hidden_width, *w = encoder + k * hidden_width;
    float *dw = dencoder + k * hidden_width, *dh = dhidden + s * hidden_width;
    size_t i = 0;
    for (; i + lane_count <= hidden_width; i += lane_count) {
      STORE(dw + i, LANES(dw + i) + p * LANES(h + i));
      STORE(dh + i, LANES(dh + i) + p * LANES(w + i));
    }
    for (; i < hidden_width; ++i) {
      dw[i] += p * h[i];
      dh[i] += p * w[i];
    }
  }
}

CODEC_VECTORISED void codec_dictionary_penalty(size_t n, const float *restrict atoms, int rectify, float weight,
                                               float *restrict gradient) {
  if (rectify) {
    for (size_t j = 0; j < n; ++j) gradient[j] = atoms[j] > 0 ? gradient[j] + weight : 0;
  } else {
    for (size_t j = 0; j < n; ++j) gradient[j] += atoms[j] > 0 ? weight : (atoms[j] < 0 ? -weight : 0);
  }
}

CODEC_VECTORISED void codec_adam(size_t n, const float *restrict gradient, float rate, float beta1, float beta2,
                                 float second_scale, float epsilon, float *restrict first, float *restrict second,
                                 float *restrict parameters) {
  for (size_t j = 0; j < n; ++j) {
    float g = gradient[j];
    float m = first[j] = beta1 * first[j] + (1 - beta1) * g;
    float v = second[j] = beta2 * second[j] + (1 - beta2) * g * g;
    parameters[j] -= rate * m / (__builtin_sqrtf(v) * second_scale + epsilon);
  }
}
