#pragma once
/* Hot loops in C: each is compiled for several instruction sets and picked at run time. */
#include <stddef.h>

#if defined(__x86_64__) && defined(__linux__)
#define CODEC_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CODEC_VECTORISED
#endif

/* y[i] += a * x[i] */
void codec_axpy(size_t n, float a, const float *x, float *y);
