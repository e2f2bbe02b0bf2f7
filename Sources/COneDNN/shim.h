#pragma once
/* All use of oneDNN goes through the static inline functions of this file (API 2). */
#include <dnnl.h>
