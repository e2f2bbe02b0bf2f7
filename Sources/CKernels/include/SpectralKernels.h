#pragma once
/* Convolutions of many small images by Fourier transforms, sixteen samples at a time: two samples make one complex
   image (a real kernel keeps them apart), eight such pairs fill the lanes of a vector. */
#include <stddef.h>
#include "CKernels.h"

/* Samples transformed together. */
enum { codec_spectral_samples = 16 };

/* A transform of one length, for eight complex signals at once. */
typedef struct codec_lane_fft codec_lane_fft;

/* The shortest length of at least `minimum` that can be transformed. */
int codec_lane_fft_length(int minimum);
/* A plan for such a length; NULL without memory. */
codec_lane_fft *codec_lane_fft_make(int length);
void codec_lane_fft_free(codec_lane_fft *plan);
/* Transforms `length` elements, each eight real then eight imaginary parts, `stride` floats apart; not scaled. x and
   y may be the same. `scratch` holds 32 * length floats; all are aligned to 64 bytes. */
void codec_lane_fft_run(const codec_lane_fft *plan, int inverse, const float *x, ptrdiff_t x_stride, float *y,
                        ptrdiff_t y_stride, float *scratch);

/* One direction of a convolution: images [in_channels, in_height, in_width] to [out_channels, out_height, out_width],
   on a circle of `columns` × `rows` points. */
typedef struct {
  int in_channels, in_height, in_width;
  int out_channels, out_height, out_width;
  const codec_lane_fft *across, *down;
  int columns, rows;
  /* Spectra [columns / 2 + 1][rows][in channel][out channel][re, im] with these strides, in floats. */
  const float *weights;
  ptrdiff_t in_stride, out_stride;
  /* Whether the spectra are to be conjugated. */
  int conjugate;
} codec_spectral;

/* Floats of scratch that codec_spectral_convolve needs. */
size_t codec_spectral_scratch(const codec_spectral *s);

/* Convolves up to sixteen samples; `adds` says whether to add to the output. `scratch` is aligned to 64 bytes. */
void codec_spectral_convolve(const codec_spectral *s, int samples, const float *input, ptrdiff_t input_stride,
                             float *output, ptrdiff_t output_stride, int adds, float *scratch);

/* Products of half spectra [row][column <= columns / 2][channel][sample], all real parts and then all imaginary ones,
   with kernels' spectra [column][row][in channel][out channel][re, im] of the given strides in floats. */
void codec_multiply_spectra(int rows, int columns, int samples, int in_channels, int out_channels, const float *weights,
                            ptrdiff_t in_stride, ptrdiff_t out_stride, int conjugate, const float *in, float *out);
