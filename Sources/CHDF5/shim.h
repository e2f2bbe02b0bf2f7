#pragma once
#include <hdf5.h>

/* HDF5's type, class and property ids are macros that first open the library; Swift sees functions. */
static inline hid_t codec_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t codec_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t codec_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t codec_h5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t codec_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t codec_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t codec_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t codec_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
