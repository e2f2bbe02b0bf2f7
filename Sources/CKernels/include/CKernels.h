#pragma once
/* Hot loops in C: each is compiled for several instruction sets and picked at run time. */
#include <stddef.h>
#include <stdint.h>

#include "autoencoder.h"

#if defined(__x86_64__) && defined(__linux__)
#define CODEC_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CODEC_VECTORISED
#endif

/* distances[i][j] = |a[i] - b[j]|^2 for the rows of a [rows][n] and b [others][n]. */
void codec_squared_distances(size_t rows, size_t others, size_t n, const double *a, const double *b,
                             double *distances);

/* One pass over the coordinates of each vector: coordinate j of `factor` [components][vectors] moves to the nonnegative
   minimum of |x - H^T w|^2 given the others, with `gram` = H H^T and `target` = H x [components][vectors]. */
void codec_nonnegative_descent(size_t components, size_t vectors, const double *gram, const double *target,
                               double *factor);

/* Random numbers of Philox4x32-10: n of them, four of each block, starting with block `first` of a stream.
   Uniform: multiples of 2^-24 in [0, 1). Normal: mean 0 (Box-Muller), tails to 5.8 standard deviations. */
void codec_philox_uniform(uint64_t key, uint64_t stream, uint64_t first, size_t n, float *out);
void codec_philox_normal(uint64_t key, uint64_t stream, uint64_t first, size_t n, float deviation, float *out);
/* The same stream's bits: eight 16-bit numbers of each of `blocks` blocks. */
void codec_philox_bits(uint64_t key, uint64_t stream, uint64_t first, size_t blocks, uint16_t *out);

#include "NetworkKernels.h"
#include "SpectralKernels.h"
#include "movie.h"
#include "pathsums.h"
#include "training.h"
