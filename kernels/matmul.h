// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

namespace smtrain {

/// A matrix inside a batch of them: element [b, i, j] is at b * batch_stride + i * row_stride + j *
/// column_stride.
struct MatrixBatch {
  const void* data;
  int64_t batch_stride, row_stride, column_stride;  // in elements
};

/// y[b] = a[b] c[b] for b < batch, (+ y) with `accumulate`:
///
///   a  [batch, rows, inner], c  [batch, inner, columns], any strides
///   y  [batch, rows, columns], dense and row-major
///
/// bf16 and f16 are multiplied and summed in f32, which y may have too. With `tf32` a GPU may round
/// the factors of f32 to TF32.
struct MatmulArgs {
  int64_t batch, rows, columns, inner;
  DType dtype;    // of a and c
  DType y_dtype;  // dtype, or f32 where that has 16 bits
  bool tf32;
  bool accumulate;
  MatrixBatch a, c;
  void* y;
};

}  // namespace smtrain
