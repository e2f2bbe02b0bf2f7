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

/* The descriptor of weights, [output, input, y, x] or with groups [group, output, input, y, x], in that layout or any. */
static inline int codec_dnnl_kernels(const codec_dnnl_sizes *s, dnnl_data_type_t type, int is_plain,
                                     dnnl_memory_desc_t *weights) {
  dnnl_dims_t flat = {s->out_channels, s->in_channels, s->kernel[0], s->kernel[1]};
  dnnl_dims_t grouped = {s->groups, s->out_channels / s->groups, s->in_channels / s->groups, s->kernel[0],
                         s->kernel[1]};
  const int is_grouped = s->groups > 1;
  const dnnl_format_tag_t layout = !is_plain ? dnnl_format_tag_any : is_grouped ? dnnl_goihw : dnnl_oihw;
  return dnnl_memory_desc_init_by_tag(weights, is_grouped ? 5 : 4, is_grouped ? grouped : flat, type, layout) ==
         dnnl_success;
}

/* Descriptors of input, output (four axes) and weights (five with groups), in plain layouts or any. */
static inline int codec_dnnl_describe(const codec_dnnl_sizes *s, int is_plain, dnnl_memory_desc_t *input,
                                      dnnl_memory_desc_t *weights, dnnl_memory_desc_t *output) {
  dnnl_dims_t in = {s->samples, s->in_channels, s->in_size[0], s->in_size[1]};
  dnnl_dims_t out = {s->samples, s->out_channels, s->out_size[0], s->out_size[1]};
  const dnnl_format_tag_t image = is_plain ? dnnl_nchw : dnnl_format_tag_any;
  return dnnl_memory_desc_init_by_tag(input, 4, in, dnnl_f32, image) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(output, 4, out, dnnl_f32, image) == dnnl_success &&
         codec_dnnl_kernels(s, dnnl_f32, is_plain, weights);
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

/* ---- Layers on channels-last memory, [sample, y, x, channel]: nothing is reordered but the weights, once. ---- */

/* What a layer does besides multiplying; bits of `flags`. */
enum {
  codec_dnnl_transposed = 1, /* the gradient with respect to the input instead; then the others do not apply */
  codec_dnnl_bias = 2,
  codec_dnnl_sum = 4,   /* adds a tensor of the result's shape */
  codec_dnnl_relu = 8,  /* then takes max(·, 0) */
  codec_dnnl_bf16 = 16, /* multiplies in bf16, source and weights rounded; the result is single precision */
};

/* What layers of one thread share. */
typedef struct {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
} codec_dnnl_context;

static inline int codec_dnnl_open(codec_dnnl_context *context) {
  context->engine = NULL;
  context->stream = NULL;
  return dnnl_engine_create(&context->engine, dnnl_cpu, 0) == dnnl_success &&
         dnnl_stream_create(&context->stream, context->engine, dnnl_stream_default_flags) == dnnl_success;
}

static inline void codec_dnnl_close(codec_dnnl_context *context) {
  if (context->stream) dnnl_stream_destroy(context->stream);
  if (context->engine) dnnl_engine_destroy(context->engine);
}

/* 1 where the processor multiplies bf16 numbers itself (AVX-512 BF16 or AMX). */
static inline int codec_dnnl_has_bf16(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

typedef struct {
  dnnl_primitive_t primitive;
  dnnl_primitive_desc_t descriptor;
  dnnl_memory_t source, weights, bias, other, result;
  int flags;
} codec_dnnl_layer;

/* Weights in the layout a primitive wants; belongs to no engine, so that any thread's layers may read it. */
typedef struct {
  dnnl_memory_desc_t layout;
  void *numbers;
} codec_dnnl_packing;

static inline void codec_dnnl_layer_free(codec_dnnl_layer *layer) {
  if (!layer) return;
  dnnl_memory_t memories[] = {layer->source, layer->bias, layer->other, layer->result, layer->weights};
  for (int i = 0; i < 5; ++i)
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  if (layer->primitive) dnnl_primitive_destroy(layer->primitive);
  if (layer->descriptor) dnnl_primitive_desc_destroy(layer->descriptor);
  free(layer);
}

/* The post-operations of a layer: the sum first, then the rectifier. */
static inline dnnl_primitive_attr_t codec_dnnl_layer_attributes(int flags, const dnnl_memory_desc_t *other) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t operations = NULL;
  int made = dnnl_primitive_attr_create(&attributes) == dnnl_success && dnnl_post_ops_create(&operations) == dnnl_success;
  if (made && (flags & codec_dnnl_sum))
    made = dnnl_post_ops_append_binary(operations, dnnl_binary_add, other) == dnnl_success;
  if (made && (flags & codec_dnnl_relu))
    made = dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0) == dnnl_success;
  if (made) made = dnnl_primitive_attr_set_post_ops(attributes, operations) == dnnl_success;
  if (operations) dnnl_post_ops_destroy(operations);
  if (made) return attributes;
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return NULL;
}

/* Descriptors of a channels-last convolution whose input and output hold numbers of the given types. */
static inline int codec_dnnl_layer_describe(const codec_dnnl_sizes *s, dnnl_data_type_t in_type,
                                            dnnl_data_type_t weights_type, dnnl_data_type_t out_type,
                                            dnnl_memory_desc_t *input, dnnl_memory_desc_t *weights,
                                            dnnl_memory_desc_t *output) {
  dnnl_dims_t in = {s->samples, s->in_channels, s->in_size[0], s->in_size[1]};
  dnnl_dims_t out = {s->samples, s->out_channels, s->out_size[0], s->out_size[1]};
  return dnnl_memory_desc_init_by_tag(input, 4, in, in_type, dnnl_nhwc) == dnnl_success &&
         dnnl_memory_desc_init_by_tag(output, 4, out, out_type, dnnl_nhwc) == dnnl_success &&
         codec_dnnl_kernels(s, weights_type, 0, weights);
}

static inline dnnl_primitive_desc_t codec_dnnl_layer_descriptor(dnnl_engine_t engine, const codec_dnnl_sizes *s,
                                                                int flags) {
  dnnl_memory_desc_t input, weights, output, bias;
  const dnnl_data_type_t type = flags & codec_dnnl_bf16 ? dnnl_bf16 : dnnl_f32;
  dnnl_dims_t stride = {s->stride[0], s->stride[1]}, padding = {s->padding[0], s->padding[1]};
  dnnl_dims_t dilation = {s->dilation[0] - 1, s->dilation[1] - 1}, after, channels = {s->out_channels};
  for (int axis = 0; axis < 2; ++axis)
    after[axis] = (s->out_size[axis] - 1) * s->stride[axis] + (s->kernel[axis] - 1) * s->dilation[axis] + 1 -
                  s->in_size[axis] - s->padding[axis];
  if (!codec_dnnl_layer_describe(s, type, type, dnnl_f32, &input, &weights, &output) ||
      dnnl_memory_desc_init_by_tag(&bias, 1, channels, dnnl_f32, dnnl_a) != dnnl_success)
    return NULL;
  dnnl_primitive_attr_t attributes = codec_dnnl_layer_attributes(flags, &output);
  if (!attributes) return NULL;
  dnnl_convolution_desc_t forward, backward;
  dnnl_primitive_desc_t hint = NULL, result = NULL;
  if (dnnl_dilated_convolution_forward_desc_init(&forward, dnnl_forward_inference, dnnl_convolution_direct, &input,
                                                 &weights, flags & codec_dnnl_bias ? &bias : NULL, &output, stride,
                                                 dilation, padding, after) != dnnl_success ||
      dnnl_primitive_desc_create(&hint, &forward, flags & codec_dnnl_transposed ? NULL : attributes, engine, NULL) !=
          dnnl_success)
    hint = NULL;
  dnnl_primitive_attr_destroy(attributes);
  if (!hint || !(flags & codec_dnnl_transposed)) return hint;
  if (!codec_dnnl_layer_describe(s, dnnl_f32, type, type, &input, &weights, &output) ||
      dnnl_dilated_convolution_backward_data_desc_init(&backward, dnnl_convolution_direct, &input, &weights, &output,
                                                       stride, dilation, padding, after) != dnnl_success ||
      dnnl_primitive_desc_create(&result, &backward, NULL, engine, hint) != dnnl_success)
    result = NULL;
  dnnl_primitive_desc_destroy(hint);
  return result;
}

/* Whether a packing has the layout a layer wants. */
static inline int codec_dnnl_layer_fits(const codec_dnnl_layer *layer, const codec_dnnl_packing *packing) {
  return dnnl_memory_desc_equal(dnnl_primitive_desc_query_md(layer->descriptor, dnnl_query_weights_md, 0),
                                &packing->layout);
}

/* Lets a layer read a packing, which must outlive it. Returns 0 where oneDNN fails. */
static inline int codec_dnnl_layer_take(codec_dnnl_context *context, codec_dnnl_layer *layer,
                                        const codec_dnnl_packing *packing) {
  return dnnl_memory_create(&layer->weights, &packing->layout, context->engine, packing->numbers) == dnnl_success;
}

/* Packs weights [output, input / groups, y, x] as a layer wants them. Returns 0 where oneDNN fails. */
static inline int codec_dnnl_layer_pack(codec_dnnl_context *context, const codec_dnnl_layer *layer,
                                        const codec_dnnl_sizes *s, const float *plain, codec_dnnl_packing *packing) {
  packing->layout = *dnnl_primitive_desc_query_md(layer->descriptor, dnnl_query_weights_md, 0);
  const size_t bytes = (dnnl_memory_desc_get_size(&packing->layout) + 63) & ~(size_t)63;
  packing->numbers = aligned_alloc(64, bytes);
  dnnl_memory_desc_t description;
  dnnl_memory_t from = NULL, to = NULL;
  dnnl_primitive_desc_t way = NULL;
  dnnl_primitive_t reorder = NULL;
  int made =
      packing->numbers && codec_dnnl_kernels(s, dnnl_f32, 1, &description) &&
      dnnl_memory_create(&from, &description, context->engine, (void *)plain) == dnnl_success &&
      dnnl_memory_create(&to, &packing->layout, context->engine, packing->numbers) == dnnl_success &&
      dnnl_reorder_primitive_desc_create(&way, &description, context->engine, &packing->layout, context->engine,
                                         NULL) == dnnl_success &&
      dnnl_primitive_create(&reorder, way) == dnnl_success;
  if (made) {
    dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    made = dnnl_primitive_execute(reorder, context->stream, 2, arguments) == dnnl_success &&
           dnnl_stream_wait(context->stream) == dnnl_success;
  }
  if (reorder) dnnl_primitive_destroy(reorder);
  if (way) dnnl_primitive_desc_destroy(way);
  if (from) dnnl_memory_destroy(from);
  if (to) dnnl_memory_destroy(to);
  if (!made) free(packing->numbers);
  return made;
}

/* Makes a layer that has yet to take a packing of its weights; NULL where oneDNN cannot. */
static inline codec_dnnl_layer *codec_dnnl_layer_make(codec_dnnl_context *context, const codec_dnnl_sizes *s,
                                                      int flags) {
  omp_set_num_threads(1);
  codec_dnnl_layer *layer = (codec_dnnl_layer *)calloc(1, sizeof *layer);
  if (!layer) return NULL;
  layer->flags = flags;
  const int is_transposed = flags & codec_dnnl_transposed;
  layer->descriptor = codec_dnnl_layer_descriptor(context->engine, s, flags);
  int made = layer->descriptor && dnnl_primitive_create(&layer->primitive, layer->descriptor) == dnnl_success;
  if (made) {
    const dnnl_memory_desc_t *source = dnnl_primitive_desc_query_md(
        layer->descriptor, is_transposed ? dnnl_query_diff_dst_md : dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *result = dnnl_primitive_desc_query_md(
        layer->descriptor, is_transposed ? dnnl_query_diff_src_md : dnnl_query_dst_md, 0);
    dnnl_dims_t channels = {s->out_channels};
    dnnl_memory_desc_t bias;
    made = dnnl_memory_desc_init_by_tag(&bias, 1, channels, dnnl_f32, dnnl_a) == dnnl_success &&
           dnnl_memory_create(&layer->source, source, context->engine, DNNL_MEMORY_NONE) == dnnl_success &&
           dnnl_memory_create(&layer->result, result, context->engine, DNNL_MEMORY_NONE) == dnnl_success &&
           dnnl_memory_create(&layer->bias, &bias, context->engine, DNNL_MEMORY_NONE) == dnnl_success &&
           dnnl_memory_create(&layer->other, result, context->engine, DNNL_MEMORY_NONE) == dnnl_success;
  }
  if (made) return layer;
  codec_dnnl_layer_free(layer);
  return NULL;
}

/* Runs on the calling thread alone; `source` holds bf16 numbers where the layer multiplies those. Bias and other may be
   NULL where the layer has none. Returns 0 where oneDNN fails. */
static inline int codec_dnnl_layer_run(codec_dnnl_context *context, codec_dnnl_layer *layer, const void *source,
                                       const float *bias, const float *other, float *result) {
  omp_set_num_threads(1);
  const int is_transposed = layer->flags & codec_dnnl_transposed;
  int count = 3;
  dnnl_exec_arg_t arguments[5] = {{is_transposed ? DNNL_ARG_DIFF_DST : DNNL_ARG_SRC, layer->source},
                                  {DNNL_ARG_WEIGHTS, layer->weights},
                                  {is_transposed ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST, layer->result}};
  int set = dnnl_memory_set_data_handle(layer->source, (void *)source) == dnnl_success &&
            dnnl_memory_set_data_handle(layer->result, result) == dnnl_success;
  if (layer->flags & codec_dnnl_bias) {
    set = set && dnnl_memory_set_data_handle(layer->bias, (void *)bias) == dnnl_success;
    arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, layer->bias};
  }
  if (layer->flags & codec_dnnl_sum) {
    set = set && dnnl_memory_set_data_handle(layer->other, (void *)other) == dnnl_success;
    arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, layer->other};
  }
  return set && dnnl_primitive_execute(layer->primitive, context->stream, count, arguments) == dnnl_success &&
         dnnl_stream_wait(context->stream) == dnnl_success;
}
