#include <math.h>

#include "NetworkKernels.h"

/* The pixels of one axis that an output sees: first and past the last index, in steps of the dilation. */
static void window(int output, int stride, int before, int kernel, int dilation, int size, int *first, int *end) {
  int start = output * stride - before;
  const int stop = start + kernel * dilation;
  if (start < 0) start += (-start + dilation - 1) / dilation * dilation;
  *first = start;
  *end = stop < size ? stop : size;
}

/* The place of the largest pixel of a window, the first of equals; NaN counts as largest. */
static int largest_place(const codec_pool *p, const float *plane, int oy, int ox) {
  int y0, y1, x0, x1;
  window(oy, p->stride[0], p->before[0], p->kernel[0], p->dilation[0], p->in_size[0], &y0, &y1);
  window(ox, p->stride[1], p->before[1], p->kernel[1], p->dilation[1], p->in_size[1], &x0, &x1);
  int place = -1;
  for (int y = y0; y < y1; y += p->dilation[0])
    for (int x = x0; x < x1; x += p->dilation[1]) {
      const int i = y * p->in_size[1] + x;
      if (place < 0 || plane[i] > plane[place] || (isnan(plane[i]) && !isnan(plane[place]))) place = i;
    }
  return place;
}

void codec_max_pool(const codec_pool *p, size_t planes, const float *x, float *y) {
  const size_t in = (size_t)p->in_size[0] * p->in_size[1];
  for (size_t plane = 0; plane < planes; ++plane, x += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox) *y++ = x[largest_place(p, x, oy, ox)];
}

void codec_max_pool_reverse(const codec_pool *p, size_t planes, const float *x, const float *given, float *result) {
  const size_t in = (size_t)p->in_size[0] * p->in_size[1];
  for (size_t plane = 0; plane < planes; ++plane, x += in, result += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox) result[largest_place(p, x, oy, ox)] += *given++;
}

void codec_max_pool_tangent(const codec_pool *p, size_t planes, const float *x, const float *given, float *result) {
  const size_t in = (size_t)p->in_size[0] * p->in_size[1];
  for (size_t plane = 0; plane < planes; ++plane, x += in, given += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox) *result++ = given[largest_place(p, x, oy, ox)];
}

/* What a window's sum is divided by: the pixels it sees, or its kernel clipped to the padded image. */
static float divisor(const codec_pool *p, int oy, int ox) {
  int count = 1;
  for (int axis = 0; axis < 2; ++axis) {
    const int output = axis ? ox : oy;
    int first, end;
    window(output, p->stride[axis], p->before[axis], p->kernel[axis], p->dilation[axis], p->in_size[axis], &first,
           &end);
    int seen = (end - first + p->dilation[axis] - 1) / p->dilation[axis];
    if (p->counts_padding) {
      const int start = output * p->stride[axis] - p->before[axis];
      const int room = p->in_size[axis] + p->after[axis] - start;
      seen = (room + p->dilation[axis] - 1) / p->dilation[axis];
      seen = seen < p->kernel[axis] ? seen : p->kernel[axis];
    }
    count *= seen;
  }
  return (float)count;
}

void codec_average_pool(const codec_pool *p, size_t planes, const float *x, float *y) {
  const size_t in = (size_t)p->in_size[0] * p->in_size[1];
  for (size_t plane = 0; plane < planes; ++plane, x += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox) {
        int y0, y1, x0, x1;
        window(oy, p->stride[0], p->before[0], p->kernel[0], p->dilation[0], p->in_size[0], &y0, &y1);
        window(ox, p->stride[1], p->before[1], p->kernel[1], p->dilation[1], p->in_size[1], &x0, &x1);
        double sum = 0;
        for (int iy = y0; iy < y1; iy += p->dilation[0])
          for (int ix = x0; ix < x1; ix += p->dilation[1]) sum += (double)x[iy * p->in_size[1] + ix];
        *y++ = (float)(sum / (double)divisor(p, oy, ox));
      }
}

void codec_average_pool_reverse(const codec_pool *p, size_t planes, const float *given, float *result) {
  const size_t in = (size_t)p->in_size[0] * p->in_size[1];
  for (size_t plane = 0; plane < planes; ++plane, result += in)
    for (int oy = 0; oy < p->out_size[0]; ++oy)
      for (int ox = 0; ox < p->out_size[1]; ++ox) {
        int y0, y1, x0, x1;
        window(oy, p->stride[0], p->before[0], p->kernel[0], p->dilation[0], p->in_size[0], &y0, &y1);
        window(ox, p->stride[1], p->before[1], p->kernel[1], p->dilation[1], p->in_size[1], &x0, &x1);
        const float share = *given++ / divisor(p, oy, ox);
        for (int iy = y0; iy < y1; iy += p->dilation[0])
          for (int ix = x0; ix < x1; ix += p->dilation[1]) result[iy * p->in_size[1] + ix] += share;
      }
}
