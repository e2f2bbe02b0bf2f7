#pragma once
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

/* libjpeg reports errors by a callback that may not return, so it must jump: the jump never leaves these functions.
   Each returns 1, or 0 with the library's message. */

enum { codec_jpeg_message_size = JMSG_LENGTH_MAX };

typedef struct {
  int width, height;
  /* What decoding gives: 1 grey, 3 red green blue, 4 cyan magenta yellow black. */
  int channels;
} codec_jpeg_size;

struct codec_jpeg_errors {
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  char *message;
};

static inline void codec_jpeg_fail(j_common_ptr info) {
  struct codec_jpeg_errors *errors = (struct codec_jpeg_errors *)info->err;
  info->err->format_message(info, errors->message);
  longjmp(errors->jump, 1);
}

/* Data that are missing are filled up by the library with a mere warning: here they are errors. Stray bytes and
   unknown application markers leave the picture whole and are let pass. */
static inline void codec_jpeg_warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
  case JWRN_JPEG_EOF: case JWRN_HIT_MARKER: case JWRN_HUFF_BAD_CODE: case JWRN_MUST_RESYNC:
  case JWRN_NOT_SEQUENTIAL: case JWRN_BOGUS_PROGRESSION:
    codec_jpeg_fail(info);
  default:
    info->err->num_warnings++;
  }
}

static inline void codec_jpeg_open(
    struct jpeg_decompress_struct *info, struct codec_jpeg_errors *errors, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(info);
  jpeg_mem_src(info, bytes, (unsigned long)count);
  jpeg_read_header(info, TRUE);
  switch (info->jpeg_color_space) {
  case JCS_GRAYSCALE: info->out_color_space = JCS_GRAYSCALE; break;
  case JCS_CMYK: case JCS_YCCK: info->out_color_space = JCS_CMYK; break;
  default: info->out_color_space = JCS_RGB;
  }
}

static inline int codec_jpeg_header(const uint8_t *bytes, size_t count, codec_jpeg_size *size, char *message) {
  struct jpeg_decompress_struct info;
  struct codec_jpeg_errors errors;
  memset(&info, 0, sizeof info);
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = codec_jpeg_fail;
  errors.manager.emit_message = codec_jpeg_warn;
  errors.message = message;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  codec_jpeg_open(&info, &errors, bytes, count);
  jpeg_calc_output_dimensions(&info);
  size->width = (int)info.output_width;
  size->height = (int)info.output_height;
  size->channels = info.out_color_components;
  jpeg_destroy_decompress(&info);
  return 1;
}

/* Decodes into pixels[height][width][channels] of the header's size. */
static inline int codec_jpeg_pixels(
    const uint8_t *bytes, size_t count, codec_jpeg_size size, uint8_t *pixels, char *message) {
  struct jpeg_decompress_struct info;
  struct codec_jpeg_errors errors;
  memset(&info, 0, sizeof info);
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = codec_jpeg_fail;
  errors.manager.emit_message = codec_jpeg_warn;
  errors.message = message;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&info);
    return 0;
  }
  codec_jpeg_open(&info, &errors, bytes, count);
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + (size_t)info.output_scanline * (size_t)size.width * (size_t)size.channels;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return 1;
}
