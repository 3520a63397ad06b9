// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/layout.h"

namespace smtrain {

/// y[i] = convert_to(value), for count elements that lie densely.
struct FillArgs {
  int64_t count;
  DType dtype;
  double value;
  void* y;
};

/// y = x, element by element, between two layouts of one shape and between dtypes. A stride of 0
/// repeats. Values are converted as convert_to() does.
struct CopyArgs {
  Layout x_layout;
  Layout y_layout;
  DType x_dtype;
  DType y_dtype;
  bool accumulate;  // y += x
  const void* x;
  void* y;
};

/// y = x, byte by byte, where *skip == 0.
struct CopyUnlessArgs {
  int64_t bytes;
  const int32_t* skip;
  const void* x;
  void* y;
};

enum class UnaryOp : uint8_t { negate, exp, log, log1p, sqrt, abs, square, relu, sigmoid, tanh };

/// y[i] = op(x[i]) for count elements in one dense order.
struct UnaryArgs {
  UnaryOp op;
  int64_t count;
  DType dtype;
  const void* x;
  void* y;
};

/// dx[i] = dy[i] * op'(...), from the input x or the output y, whichever the derivative needs (both
/// are given).
struct UnaryBackwardArgs {
  UnaryOp op;
  int64_t count;
  DType dtype;
  bool accumulate;
  const void* x;
  const void* y;
  const void* dy;
  void* dx;
};

enum class BinaryOp : uint8_t {
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  equal,
  less,
  greater
};

/// y = op(a, b) over the shape of a_layout and b_layout (equal; broadcast dimensions have stride
/// 0). y is dense and row-major in that shape: of dtype, or bool for comparisons.
struct BinaryArgs {
  BinaryOp op;
  Layout a_layout;
  Layout b_layout;
  DType dtype;
  const void* a;
  const void* b;
  void* y;
};

/// y[i] = x[i] * scale + shift for count elements in one dense order.
struct AffineArgs {
  int64_t count;
  DType dtype;
  bool accumulate;
  double scale;
  double shift;
  const void* x;
  void* y;
};

}  // namespace smtrain
