#pragma once
/* The sparse autoencoder's hot loops.
 *
 * Two layouts occur. "Columns": [feature][sample], samples in the vector lanes, the distance between two features a
 * multiple of 16 samples (lanes beyond the last sample hold finite rubbish, their gradients zero). "Rows":
 * [sample][feature], dense, for work on one code of one sample at a time. */
#include <stddef.h>
#include <stdint.h>

/* Samples `index[0..count)` of row-major data [.][width] as rows and as columns (lanes up to stride zeroed). */
void codec_gather_samples(size_t count, size_t width, const uint32_t *index, const float *data, size_t stride,
                          float *rows, float *columns);

/* rows [count][width] of columns [width][stride], and back (lanes up to stride zeroed). */
void codec_columns_to_rows(size_t count, size_t width, size_t stride, const float *columns, float *rows);
void codec_rows_to_columns(size_t count, size_t width, size_t stride, const float *rows, float *columns);

/* y[o][s] = bias[o] + sum_i w[o * output_step + i * input_step] x[i][s]; bias may be NULL. */
void codec_dense_columns(size_t outputs, size_t inputs, size_t stride, const float *w, size_t output_step,
                         size_t input_step, const float *bias, const float *x, float *y);

/* dw[o][i] = sum_s dy[o][s] x[i][s]; db[o] = sum_s dy[o][s]. */
void codec_dense_columns_gradient(size_t outputs, size_t inputs, size_t stride, const float *dy, const float *x,
                                  float *dw, float *db);

/* a += bias per feature: what follows a library product. */
void codec_add_bias_columns(size_t width, size_t stride, const float *bias, float *a);
/* db[f] = sum_s dy[f][s]. */
void codec_sum_columns(size_t width, size_t stride, const float *dy, float *db);

/* Dropout, ReLU and layer norm over the features of each sample. `a` becomes the rectified values; `mean` and
 * `deviation` (its reciprocal) per sample are kept for the gradient. A unit is dropped where its 16 random bits are
 * below `drop` (bits may be NULL: nothing is); the kept ones are multiplied by `keep_scale`. */
void codec_drop_relu_norm(size_t width, size_t stride, const uint16_t *bits, uint32_t drop, float keep_scale,
                          const float *gain, const float *shift, float epsilon, float *a, float *y, float *mean,
                          float *reciprocal_deviation);

/* Gradient of the above: dy becomes the gradient of the layer's input; gradients of gain and shift. */
void codec_drop_relu_norm_gradient(size_t width, size_t stride, float keep_scale, const float *gain,
                                   const float *rectified, const float *mean, const float *reciprocal_deviation,
                                   float *dy, float *dgain, float *dshift);

/* Lists the (code, sample) pairs whose pre-code sum_i w[code][i] x[i][s] reaches the threshold, with the
 * pre-code, from `found` on. Returns how many are listed then. */
size_t codec_active_codes(size_t codes, size_t inputs, size_t count, size_t stride, const float *w, const float *x,
                          float threshold, size_t found, uint32_t *code, uint32_t *sample, float *pre);
/* The same from pre-codes already computed, [codes][stride], the first of them numbered `first`. */
size_t codec_listed_codes(size_t codes, size_t first, size_t count, size_t stride, const float *pre_codes,
                          float threshold, size_t found, uint32_t *code, uint32_t *sample, float *pre);

/* reconstruction[sample] += value * atoms[code] for every listed code; rectify uses max(atoms, 0). */
void codec_decode_codes(size_t found, const uint32_t *code, const uint32_t *sample, const float *value, size_t width,
                        const float *atoms, int rectify, float *reconstruction);

/* error = reconstruction - data in place of the reconstruction; returns the sum of squares. */
double codec_residual(size_t n, const float *data, float *reconstruction);

/* Gradients at the listed codes only: with e = scale * error[sample],
 *   datoms[code] += value e,  p = (e . atoms[code] + penalty) value (1 - value),
 *   dencoder[code] += p hidden[sample],  dhidden[sample] += p encoder[code]. */
void codec_code_gradients(size_t found, const uint32_t *code, const uint32_t *sample, const float *value, size_t width,
                          const float *atoms, int rectify, const float *error, float scale, float penalty,
                          size_t hidden_width, const float *hidden, const float *encoder, float *datoms,
                          float *dencoder, float *dhidden);

/* Adds weight * sign(atoms) to the gradient; rectify zeroes it where an atom is not positive. */
void codec_dictionary_penalty(size_t n, const float *atoms, int rectify, float weight, float *gradient);

/* One Adam step (Kingma and Ba 2015): rate and second_scale carry the bias corrections, 1/(1-beta1^t) and
 * 1/sqrt(1-beta2^t). */
void codec_adam(size_t n, const float *gradient, float rate, float beta1, float beta2, float second_scale,
                float epsilon, float *first, float *second, float *parameters);
