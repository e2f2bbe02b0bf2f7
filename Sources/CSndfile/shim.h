#pragma once
#include <sndfile.h>
#include <string.h>

/* Masks are enumerators of no named type. */
static inline int codec_sndfile_container(int format) { return format & SF_FORMAT_TYPEMASK; }
static inline int codec_sndfile_encoding(int format) { return format & SF_FORMAT_SUBMASK; }

/* Whether samples come out as they went in: no lossy compression. */
static inline int codec_sndfile_is_exact(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
  case SF_FORMAT_PCM_S8: case SF_FORMAT_PCM_U8: case SF_FORMAT_PCM_16: case SF_FORMAT_PCM_24:
  case SF_FORMAT_PCM_32: case SF_FORMAT_FLOAT: case SF_FORMAT_DOUBLE: return 1;
  default: return 0;
  }
}

/* The library's words for a container or an encoding; valid for the life of the process. */
static inline const char *codec_sndfile_name(int format) {
  SF_FORMAT_INFO info;
  memset(&info, 0, sizeof info);
  info.format = format;
  if (sf_command(0, SFC_GET_FORMAT_INFO, &info, sizeof info) != 0 || !info.name) return "unknown";
  return info.name;
}
