// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/layout.h"

namespace smtrain {

enum class ReduceOp : uint8_t { sum, max, min };

/// y[kept] = scale * reduction of x[kept, reduced] over its last dimensions. The first `kept_dims`
/// dimensions of the layout stay, and y is dense and row-major in them. Sums are kept in f32 or
/// wider, in an order that depends on the layout alone. `scale` is for sums of floating types; a
/// maximum or minimum of nothing is not asked for.
struct ReduceArgs {
  ReduceOp op;
  Layout x_layout;
  int kept_dims;
  DType dtype;
  double scale;
  const void* x;
  void* y;
};

/// y[outer, inner] = index of the first largest element of x[outer, :, inner], x dense; a NaN is
/// larger than all numbers.
struct ArgmaxArgs {
  int64_t outer, size, inner;
  DType dtype;
  const void* x;
  int64_t* y;
};

}  // namespace smtrain
