// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

// A linear layer on dense row-major matrices: x [rows, in_features], weight [out_features,
// in_features], bias [out_features], y [rows, out_features]. bf16 and f16 are multiplied and summed
// in f32. With `tf32` a GPU may round the factors of f32 to TF32.

/// y = x weightᵀ + bias, then max(y, 0) with `relu`. bias may be null.
struct LinearArgs {
  int64_t rows, in_features, out_features;
  DType dtype;
  bool tf32;
  bool relu;
  const void* x;
  const void* weight;
  const void* bias;
  void* y;
};

/// dx = dy weight, (+ dx) with `accumulate`.
struct LinearBackwardInputArgs {
  int64_t rows, in_features, out_features;
  DType dtype;
  bool tf32;
  bool accumulate;
  const void* dy;
  const void* weight;
  void* dx;
};

/// dw = dyᵀ x and db = the column sums of dy, each added to what is there when told. dw or db may
/// be null.
struct LinearBackwardWeightArgs {
  int64_t rows, in_features, out_features;
  DType dtype;           // of x and dy
  DType gradient_dtype;  // of dw and db: dtype, or f32 where that has 16 bits
  bool tf32;
  bool accumulate_weight, accumulate_bias;
  const void* x;
  const void* dy;
  void* dw;
  void* db;
};

}  // namespace smtrain
