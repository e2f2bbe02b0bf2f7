#pragma once
#include <png.h>
#include <stdint.h>
#include <string.h>

/* libpng reports errors by a callback that may not return, so it must jump: the jump never leaves these functions.
   Each returns 1, or 0 with the library's message. */

enum { codec_png_message_size = 200 };

struct codec_png_source {
  const uint8_t *bytes;
  size_t count, offset;
};

static inline void codec_png_fail(png_structp png, png_const_charp text) {
  char *message = (char *)png_get_error_ptr(png);
  strncpy(message, text, codec_png_message_size - 1);
  message[codec_png_message_size - 1] = 0;
  png_longjmp(png, 1);
}

static inline void codec_png_ignore(png_structp png, png_const_charp text) { (void)png; (void)text; }

static inline void codec_png_read(png_structp png, png_bytep target, size_t count) {
  struct codec_png_source *source = (struct codec_png_source *)png_get_io_ptr(png);
  if (count > source->count - source->offset) png_error(png, "the file is truncated");
  memcpy(target, source->bytes + source->offset, count);
  source->offset += count;
}

/* Reads the size; where `pixels` is given also decodes into pixels[height][width][3], whatever the file's colour type
   and depth. Transparency is left out. */
static inline int codec_png_decode(
    const uint8_t *bytes, size_t count, int *width, int *height, uint8_t *pixels, char *message) {
  struct codec_png_source source = {bytes, count, 0};
  png_infop info = 0;
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, message, codec_png_fail, codec_png_ignore);
  if (!png) {
    strcpy(message, "no memory");
    return 0;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, 0);
    return 0;
  }
  info = png_create_info_struct(png);
  if (!info) png_error(png, "no memory");
  png_set_read_fn(png, &source, codec_png_read);
  png_read_info(png, info);
  *width = (int)png_get_image_width(png, info);
  *height = (int)png_get_image_height(png, info);
  if (pixels) {
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t row = 3 * (size_t)*width;
    if (png_get_rowbytes(png, info) != row) png_error(png, "unexpected length of rows");
    for (int pass = 0; pass < passes; pass++)
      for (int y = 0; y < *height; y++) png_read_row(png, pixels + (size_t)y * row, 0);
    png_read_end(png, 0);
  }
  png_destroy_read_struct(&png, &info, 0);
  return 1;
}

/* Encodes pixels[height][width][3]. With no `target` only gives the size to reserve. */
static inline int codec_png_encode(
    const uint8_t *pixels, int width, int height, uint8_t *target, size_t *size, char *message) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = *size;
  int is_good = png_image_write_to_memory(&image, target, &bytes, 0, pixels, 0, 0);
  *size = bytes;
  if (!is_good) {
    strncpy(message, image.message, codec_png_message_size - 1);
    message[codec_png_message_size - 1] = 0;
  }
  png_image_free(&image);
  return is_good;
}
