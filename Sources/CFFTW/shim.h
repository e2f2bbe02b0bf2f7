#pragma once
#include <fftw3.h>

/* The version is a global array, which Swift sees as a tuple of unknown length. */
static inline const char *codec_fftw_version(void) { return fftwf_version; }
