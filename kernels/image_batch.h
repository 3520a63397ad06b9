// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

inline constexpr int kMaxImageChannels = 4;

/// y[i, c] = (v - mean[c]) / std[c] in f32, for pixels [pixels, channels]: v = x / 255 of bytes, or
/// x itself of f32. Divisions, not products with reciprocals: PyTorch's bits.
struct NormalizeImagesArgs {
  int64_t pixels;
  int channels;
  DType x_dtype;  // u8 or f32
  float mean[kMaxImageChannels];
  float std[kMaxImageChannels];
  const void* x;
  float* y;
};

/// y[i] = x[index[i]], rows of row_bytes bytes. An index outside 0 .. x_rows - 1 is reported, and
/// nothing is copied then.
struct TakeRowsArgs {
  int64_t rows, x_rows, row_bytes;
  const void* x;
  const int64_t* index;
  void* y;
};

}  // namespace smtrain
