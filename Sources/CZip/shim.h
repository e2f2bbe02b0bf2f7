#pragma once
#include <zip.h>

/* Macros that Swift cannot import. */
static inline int codec_zip_is_stored(zip_stat_t status) { return status.comp_method == ZIP_CM_STORE; }
