// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"
#include "smtrain/kernels/layout.h"

#include <cstddef>

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
  void* workspace;  // reduce_workspace_bytes(); null where those are 0
};

/// A device cuts reductions of many elements to few results into so many parts.
constexpr int64_t reduce_parts(int64_t results, int64_t elements_each) {
  constexpr int64_t kPartElements = 2048, kMaxParts = 256, kMaxBlocks = 2048;
  if (results == 0 || results >= kMaxBlocks) return 1;
  const int64_t parts = (elements_each + kPartElements - 1) / kPartElements;
  const int64_t most = kMaxBlocks / results < kMaxParts ? kMaxBlocks / results : kMaxParts;
  return parts < 1 ? 1 : parts < most ? parts : most;
}

/// Room for one sum of each part.
constexpr size_t reduce_workspace_bytes(int64_t results, int64_t elements_each) {
  const int64_t parts = reduce_parts(results, elements_each);
  return parts == 1 ? 0 : static_cast<size_t>(results * parts) * sizeof(double);
}

/// y[outer, inner] = index of the first largest element of x[outer, :, inner], x dense; a NaN is
/// larger than all numbers.
struct ArgmaxArgs {
  int64_t outer, size, inner;
  DType dtype;
  const void* x;
  int64_t* y;
};

}  // namespace smtrain
