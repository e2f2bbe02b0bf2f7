#pragma once
/* A first layer over a movie, frequency by frequency, in double precision. */
#include <stddef.h>

typedef struct {
  size_t frequencies, history, channels, outputs;
  /* From one row of times to the next: at least windows rounded up to 8, and history - 1 more. */
  size_t times;
} codec_movie;

/* out[window, output, frequency] = sum over lags and channels of spectra[frequency, channel, re/im, time] at time
   first + window + lag, times weights[frequency, lag, channel, output]; complex numbers but in spectra interleaved. */
void codec_movie_products(const codec_movie *movie, size_t first, size_t windows, const double *spectra,
                          const double *weights, double *out);
