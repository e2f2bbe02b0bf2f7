#pragma once
/* Hot loops of the network operators: values, and products with their derivatives. `adds` says whether a result
   adds to what is there. */
#include <stddef.h>
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

/* Layer norm of each of `rows` vectors of n numbers. */
void codec_layer_norm(size_t rows, size_t n, float epsilon, const float *scale, const float *shift, const float *x,
                      float *y);
void codec_layer_norm_reverse(size_t rows, size_t n, float epsilon, const float *scale, const float *x,
                              const float *given, float *result, int adds);
void codec_layer_norm_tangent(size_t rows, size_t n, float epsilon, const float *scale, const float *x,
                              const float *given, float *result);
