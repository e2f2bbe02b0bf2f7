#pragma once
/* Hot loops of the network operators: values, and products with their derivatives. `adds` says whether a result
   adds to what is there. */
#include <stddef.h>
#include <stdint.h>
#include "CKernels.h"

/* 1 where every number is finite. */
int codec_all_finite(size_t n, const float *x);

/* y (+)= factor * x */
void codec_scaled(size_t n, float factor, const float *x, float *y, int adds);

/* Nonlinearities y = f(x), and result (+)= f'(x) * given. */
void codec_relu(size_t n, const float *x, float *y);
/* result (+)= slope(x) * given, row by row. The slope is 0 below 0 and at 0, 1 above; where rounding hides the sign of
   x it goes from 0 to 1 in a straight line. */
void codec_relu_slope(size_t rows, size_t n, const float *x, const float *given, float *result, int adds);
void codec_softplus(size_t n, const float *x, float *y);
void codec_softplus_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_exponential(size_t n, const float *x, float *y);
void codec_exponential_slope(size_t n, const float *x, const float *y, const float *given, float *result,
                             int adds);
void codec_sigmoid(size_t n, const float *x, float *y);
void codec_sigmoid_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);

/* Affine maps of [sample, unit, run]: all numbers of a run share the unit's factor and offset. */
void codec_affine(size_t samples, size_t units, size_t run, const float *factor, const float *offset, const float *x,
                  float *y);
void codec_scale_runs(size_t samples, size_t units, size_t run, const float *factor, const float *x, float *y,
                      int adds);

/* y[sample, channel, i] += bias[channel], i < run. */
void codec_add_bias(size_t samples, size_t channels, size_t run, const float *bias, float *y);

/* Layer norm of each of `rows` vectors of n numbers. */
void codec_layer_norm(size_t rows, size_t n, float epsilon, const float *scale, const float *shift, const float *x,
                      float *y);
void codec_layer_norm_reverse(size_t rows, size_t n, float epsilon, const float *scale, const float *x,
                              const float *given, float *result, int adds);
void codec_layer_norm_tangent(size_t rows, size_t n, float epsilon, const float *scale, const float *x,
                              const float *given, float *result);

/* Numbers moved between an input and an output: to[to + i] = from[from + i * step] for i < count. */
typedef struct {
  ptrdiff_t to, from, count, step;
} codec_run;
/* y (+)= the numbers of x that the runs name; x has `inputs` numbers a sample, y `outputs`. */
void codec_gather(size_t samples, size_t runs, const codec_run *run, size_t inputs, size_t outputs, const float *x,
                  float *y, int adds);
/* x += factor * what the runs moved out of it: the transpose. */
void codec_scatter(size_t samples, size_t runs, const codec_run *run, size_t inputs, size_t outputs, float factor,
                   const float *moved, float *x);

/* y (+)= factor * a * b, and factor * a / b. */
void codec_product(size_t n, float factor, const float *a, const float *b, float *y, int adds);
void codec_quotient(size_t n, float factor, const float *a, const float *b, float *y, int adds);

/* Activations (activations.c). */
void codec_erf(size_t n, const float *x, float *y);
void codec_erf_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_gelu(size_t n, const float *x, float *y);
void codec_gelu_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_gelu_tanh(size_t n, const float *x, float *y);
void codec_gelu_tanh_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_tanh(size_t n, const float *x, float *y);
void codec_tanh_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_silu(size_t n, const float *x, float *y);
void codec_silu_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_hard_swish(size_t n, const float *x, float *y);
void codec_hard_swish_slope(size_t n, const float *x, const float *y, const float *given, float *result, int adds);
void codec_clip(size_t n, float low, float high, const float *x, float *y);
void codec_clip_slope(size_t n, float low, float high, const float *x, const float *given, float *result, int adds);
void codec_hard_sigmoid(size_t n, float slope, float shift, const float *x, float *y);
void codec_hard_sigmoid_slope(size_t n, float slope, const float *y, const float *given, float *result, int adds);
void codec_leaky_relu(size_t n, float slope, const float *x, float *y);
void codec_leaky_relu_slope(size_t n, float slope, const float *x, const float *given, float *result, int adds);
void codec_power(size_t n, float exponent, const float *x, float *y);
void codec_power_slope(size_t n, float exponent, const float *x, const float *y, const float *given, float *result,
                       int adds);

/* Softmax of each row, and its derivative (symmetric: reverse and tangent alike). */
void codec_softmax(size_t rows, size_t n, const float *x, float *y);
void codec_softmax_derivative(size_t rows, size_t n, const float *y, const float *given, float *result, int adds);

/* Pooling of image planes; pairs are (vertical, horizontal). Reverse passes add to what is there. */
typedef struct {
  int in_size[2], out_size[2], kernel[2], stride[2], dilation[2], before[2], after[2];
  int counts_padding;
} codec_pool;
void codec_max_pool(const codec_pool *p, size_t planes, const float *x, float *y);
void codec_max_pool_reverse(const codec_pool *p, size_t planes, const float *x, const float *given, float *result);
void codec_max_pool_tangent(const codec_pool *p, size_t planes, const float *x, const float *given, float *result);
void codec_average_pool(const codec_pool *p, size_t planes, const float *x, float *y);
void codec_average_pool_reverse(const codec_pool *p, size_t planes, const float *given, float *result);

/* Images with the channels last, [sample, y, x, channel] (channels_last.c). */
/* y[sample, column, row] (+)= x[sample, row, column]: from channels first to last and back. */
void codec_turn(size_t samples, size_t rows, size_t columns, const float *x, float *y, int adds);
/* result (+)= given where y > 0, else 0. */
void codec_where_positive(size_t n, const float *y, const float *given, float *result, int adds);
/* Rounded to the nearest bf16 number, ties to even. */
void codec_to_bf16(size_t n, const float *x, uint16_t *y);
/* `best` and `place` have room for a number of each channel. */
void codec_max_pool_last(const codec_pool *p, size_t samples, size_t channels, const float *x, int32_t *place,
                         float *y);
void codec_max_pool_last_reverse(const codec_pool *p, size_t samples, size_t channels, const float *x,
                                 const float *given, float *best, int32_t *place, float *result);
void codec_max_pool_last_tangent(const codec_pool *p, size_t samples, size_t channels, const float *x,
                                 const float *given, float *best, int32_t *place, float *result);
