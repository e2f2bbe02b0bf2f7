#pragma once
/* All use of oneDNN goes through the static inline functions of this file (API 2). */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OpenMP's header belongs to a compiler; this is all we need of it: how many threads the calling one may use. */
extern void omp_set_num_threads(int count);

/* The version of the library at run time, such as 2.6.3. */
static inline void codec_dnnl_version(char text[32]) {
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, 32, "%d.%d.%d", version->major, version->minor, version->patch);
}

/* The sizes of a convolution of a fixed number of samples. Pairs are (vertical, horizontal). */
typedef struct {
  int samples, groups;
  int in_channels, in_size[2];
  int out_channels, out_size[2];
  int kernel[2], stride[2], padding[2], dilation[2];
} codec_dnnl_sizes;

/* One reordering of memory, or none where both layouts agree. */
typedef struct {
  dnnl_memory_t plain, packed;
  dnnl_primitive_t reorder;
} codec_dnnl_layout;

/* A convolution or its transpose, ready to run on plain buffers: source, weights and result in the layouts oneDNN likes
   best for the shape. */
typedef struct {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_t primitive;
  dnnl_primitive_desc_t descriptor;
  codec_dnnl_layout from, weights, to;
  int is_transposed;
} codec_dnnl_convolution;

static inline void codec_dnnl_free_layout(codec_dnnl_layout *layout) {
  if (layout->reorder) dnnl_primitive_destroy(layout->reorder);
  if (layout->packed && layout->packed != layout->plain) dnnl_memory_destroy(layout->packed);
  if (layout->plain) dnnl_memory_destroy(layout->plain);
}

static inline void codec_dnnl_free(codec_dnnl_convolution *c) {
  if (!c) return;
  codec_dnnl_free_layout(&c->from);
  codec_dnnl_free_layout(&c->weights);
  codec_dnnl_free_layout(&c->to);
  if (c->primitive) dnnl_primitive_destroy(c->primitive);
  if (c->descriptor) dnnl_primitive_desc_destroy(c->descriptor);
  if (c->stream) dnnl_stream_destroy(c->stream);
  if (c->engine) dnnl_engine_destroy(c->engine);
  free(c);
}

/* Memories of a plain buffer given later and of the layout the primitive wants, and the way from one to the other:
   from plain to packed, or back where `is_result`. */
static inline int codec_dnnl_make_layout(codec_dnnl_convolution *c, codec_dnnl_layout *layout,
                                         const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *packed,
                                         int is_result) {
  if (dnnl_memory_create(&layout->plain, plain, c->engine, DNNL_MEMORY_NONE) != dnnl_success) return 0;
  if (dnnl_memory_desc_equal(plain, packed)) {
    layout->packed = layout->plain;
    return 1;
  }
  if (dnnl_memory_create(&layout->packed, packed, c->engine, DNNL_MEMORY_ALLOCATE) != dnnl_success) return 0;
  dnnl_primitive_desc_t reorder;
  if (dnnl_reorder_primitive_desc_create(&reorder, is_result ? packed : plain, c->engine, is_result ? plain : packed,
                                         c->engine, NULL) != dnnl_success)
    return 0;
  const int made = dnnl_primitive_create(&layout->reorder, reorder) == dnnl_success;
  dnnl_primitive_desc_destroy(reorder);
  return made;
}

static inline int codec_dnnl_reorder(codec_dnnl_convolution *c, codec_dnnl_layout *layout, int is_result) {
  if (!layout->reorder) return 1;
  dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, is_result ? layout->packed : layout->plain},
                                  {DNNL_ARG_TO, is_result ? layout->plain : layout->packed}};
  return dnnl_primitive_execute(layout->reorder, c->stream, 2, arguments) == dnnl_success;
}

/* Descriptors of input, output (four axes) and weights (five with groups), in plain layouts or any. */
static inline int codec_dnnl_describe(const codec_dnnl_sizes *s, int is_plain, dnnl_memory_desc_t *input,
                                      dnnl_memory_desc_t *weights, dnnl_memory_desc_t *output) {
  dnnl_dims_t in = {s->samples, s->in_channels, s->in_size[0], s->in_size[1]};
  dnnl_dims_t out = {s->samples, s->out_channels, s->out_size[0], s->out_size[1]};
  dnnl_dims_t flat = {s->out_channels, s->in_channels, s->kernel[0], s->kernel[1]};
  dnnl_dims_t grouped = {s->groups, s->out_channels / s->groups, s->in_channels / s->groups, s->kernel[0],
                         s->kernel[1]};
  const int is_grouped = s->groups > 1;
  const dnnl_format_tag_t image = is_plain ? dnnl_nchw : dnnl_format_tag_any;
  const dnnl_format_tag_t kernels = !is_plain ? dnnl_format_tag_any : is_grouped ? dnnl_goihw : dnnl_oihw;
  return dnnl_memory_desc_init_by_tag(input, 4, in, dnnl_f32, image) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(output, 4, out, dnnl_f32, image) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(weights, is_grouped ? 5 : 4, is_grouped ? grouped : flat, dnnl_f32, kernels) ==
             dnnl_success;
}

/* The primitive descriptor of the convolution, or of the gradient with respect to its input. */
static inline dnnl_primitive_desc_t codec_dnnl_descriptor(dnnl_engine_t engine, const codec_dnnl_sizes *s,
                                                          int is_transposed) {
  dnnl_memory_desc_t input, weights, output;
  if (!codec_dnnl_describe(s, 0, &input, &weights, &output)) return NULL;
  dnnl_dims_t stride = {s->stride[0], s->stride[1]}, padding = {s->padding[0], s->padding[1]};
  dnnl_dims_t dilation = {s->dilation[0] - 1, s->dilation[1] - 1}, after;
  for (int axis = 0; axis < 2; ++axis)
    after[axis] = (s->out_size[axis] - 1) * s->stride[axis] + (s->kernel[axis] - 1) * s->dilation[axis] + 1 -
                  s->in_size[axis] - s->padding[axis];
  dnnl_convolution_desc_t forward;
  if (dnnl_dilated_convolution_forward_desc_init(&forward, dnnl_forward_inference, dnnl_convolution_direct, &input,
                                                 &weights, NULL, &output, stride, dilation, padding, after) !=
      dnnl_success)
    return NULL;
  dnnl_primitive_desc_t hint = NULL, result = NULL;
  if (dnnl_primitive_desc_create(&hint, &forward, NULL, engine, NULL) != dnnl_success) return NULL;
  if (!is_transposed) return hint;
  dnnl_convolution_desc_t backward;
  if (dnnl_dilated_convolution_backward_data_desc_init(&backward, dnnl_convolution_direct, &input, &weights, &output,
                                                       stride, dilation, padding, after) != dnnl_success ||
      dnnl_primitive_desc_create(&result, &backward, NULL, engine, hint) != dnnl_success)
    result = NULL;
  dnnl_primitive_desc_destroy(hint);
  return result;
}

/* Makes a convolution or its transpose, packing `weights` [output, input / groups, y, x]; NULL where oneDNN cannot. */
static inline codec_dnnl_convolution *codec_dnnl_make(const codec_dnnl_sizes *s, int is_transposed,
                                                      const float *weights) {
  codec_dnnl_convolution *c = (codec_dnnl_convolution *)calloc(1, sizeof *c);
  if (!c) return NULL;
  c->is_transposed = is_transposed;
  dnnl_memory_desc_t input, kernels, output;
  int made = codec_dnnl_describe(s, 1, &input, &kernels, &output) &&
             dnnl_engine_create(&c->engine, dnnl_cpu, 0) == dnnl_success &&
             dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags) == dnnl_success &&
             (c->descriptor = codec_dnnl_descriptor(c->engine, s, is_transposed)) != NULL &&
             dnnl_primitive_create(&c->primitive, c->descriptor) == dnnl_success;
  if (made) {
    const dnnl_query_t from = is_transposed ? dnnl_query_diff_dst_md : dnnl_query_src_md;
    const dnnl_query_t to = is_transposed ? dnnl_query_diff_src_md : dnnl_query_dst_md;
    made = codec_dnnl_make_layout(c, &c->from, is_transposed ? &output : &input,
                                  dnnl_primitive_desc_query_md(c->descriptor, from, 0), 0) &&
           codec_dnnl_make_layout(c, &c->to, is_transposed ? &input : &output,
                                  dnnl_primitive_desc_query_md(c->descriptor, to, 0), 1) &&
           codec_dnnl_make_layout(c, &c->weights, &kernels,
                                  dnnl_primitive_desc_query_md(c->descriptor, dnnl_query_weights_md, 0), 0) &&
           dnnl_memory_set_data_handle(c->weights.plain, (void *)weights) == dnnl_success &&
           codec_dnnl_reorder(c, &c->weights, 0) && dnnl_stream_wait(c->stream) == dnnl_success;
  }
  if (made) return c;
  codec_dnnl_free(c);
  return NULL;
}

/* Runs on plain buffers [sample, channel, y, x], on the calling thread alone. Returns 0 where oneDNN fails. */
static inline int codec_dnnl_run(codec_dnnl_convolution *c, const float *from, float *to) {
  omp_set_num_threads(1);
  const int source = c->is_transposed ? DNNL_ARG_DIFF_DST : DNNL_ARG_SRC;
  const int result = c->is_transposed ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST;
  dnnl_exec_arg_t arguments[3] = {
      {source, c->from.packed}, {DNNL_ARG_WEIGHTS, c->weights.packed}, {result, c->to.packed}};
  return dnnl_memory_set_data_handle(c->from.plain, (void *)from) == dnnl_success &&
         dnnl_memory_set_data_handle(c->to.plain, to) == dnnl_success && codec_dnnl_reorder(c, &c->from, 0) &&
         dnnl_primitive_execute(c->primitive, c->stream, 3, arguments) == dnnl_success &&
         codec_dnnl_reorder(c, &c->to, 1) && dnnl_stream_wait(c->stream) == dnnl_success;
}
