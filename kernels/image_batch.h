// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

inline constexpr int kMaxImageChannels = 4;

/// Where a part of a picture begins, and how it is turned over after it was cut out.
struct ImageCrop {
  int32_t top = 0, left = 0;  // may be negative
  int32_t flip_rows = 0;      // non-zero: upside down
  int32_t flip_columns = 0;   // non-zero: left and right exchanged
};

/// y[i] = the numbers of picture index[i] of x [x_rows, x_height, x_width, channels], or of a part
/// of it: y [rows, height, width, channels]. Part i is `crops[i]`; where it reaches over the
/// picture's edges it is black, x = 0. An index outside 0 .. x_rows - 1 is reported where the host
/// can read it, and elsewhere gives a black picture.
///
/// The number of a value in channel c is (v - mean[c]) / std[c], computed in f32: v = x / 255 of
/// bytes, or x itself of f32. Divisions, not products with reciprocals: PyTorch's bits.
struct GatherImagesArgs {
  int64_t rows, x_rows;
  int32_t x_height, x_width;
  int32_t height, width;
  int channels;
  DType x_dtype;  // u8 or f32
  DType y_dtype;  // f32 or bf16
  float mean[kMaxImageChannels];
  float std[kMaxImageChannels];
  const void* x;
  const int64_t* index;    // null: picture i
  const ImageCrop* crops;  // null: whole pictures
  void* y;
};

/// y[i] = x[index[i]], rows of row_bytes bytes. An index outside 0 .. x_rows - 1 is reported, and
/// nothing is copied then.
struct TakeRowsArgs {
  int64_t rows, x_rows, row_bytes;
  const void* x;
  const int64_t* index;
  void* y;
};

/// Calls `f.template operator()<X, Y>()` with the types of pictures and of what is made of them.
template <typename F>
void dispatch_images(DType x_dtype, DType y_dtype, const F& f) {
  const bool is_short = y_dtype == DType::bf16;
  if (x_dtype == DType::f32) {
    is_short ? f.template operator()<float, BFloat16>() : f.template operator()<float, float>();
  } else {
    is_short ? f.template operator()<uint8_t, BFloat16>() : f.template operator()<uint8_t, float>();
  }
}

}  // namespace smtrain
