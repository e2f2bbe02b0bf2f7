#pragma once
#include <hdf5.h>

/* HDF5's type, class and property ids are macros that first open the library; Swift sees functions. */
static inline hid_t codec_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t codec_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t codec_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t codec_h5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t codec_h5_native_int16(void) { return H5T_NATIVE_INT16; }
static inline hid_t codec_h5_native_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t codec_h5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t codec_h5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t codec_h5_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t codec_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t codec_h5_c_string(void) { return H5T_C_S1; }
static inline hid_t codec_h5_object_reference(void) { return H5T_STD_REF_OBJ; }
static inline hid_t codec_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t codec_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t codec_h5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t codec_h5_dataset_transfer(void) { return H5P_DATASET_XFER; }
static inline hid_t codec_h5_link_create(void) { return H5P_LINK_CREATE; }
static inline unsigned codec_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned codec_h5_read_write(void) { return H5F_ACC_RDWR; }
static inline unsigned codec_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hsize_t codec_h5_unlimited(void) { return H5S_UNLIMITED; }
static inline size_t codec_h5_variable(void) { return H5T_VARIABLE; }
