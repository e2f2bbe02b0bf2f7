#pragma once
/* Vectors of eight numbers and what is done with them; wider and narrower processors split or join them. */
#include <stdint.h>

typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t mask_lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint16_t half_lanes __attribute__((vector_size(16), aligned(2), may_alias));
enum { lane_count = 8 };

#define LANES(pointer) (*(const lanes *)(pointer))
#define STORE(pointer, value) (*(lanes *)(pointer) = (value))
#define SPREAD(value) ((lanes){0} + (value))
#define SELECT(mask, yes) ((lanes)((mask_lanes)(mask) & (mask_lanes)(yes)))
#define POSITIVE(v) SELECT((v) > 0.0f, v)
#define SUM(v) (((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])))
