// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/divisor.h"
#include "smtrain/kernels/pool.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// A shape as kernels take it: threads find their place and their windows without a division.
using DividingShape = PoolShapeOf<Divisor>;

inline PoolAxisOf<Divisor> dividing(const PoolAxis& a) {
  return {Divisor(a.inputs), Divisor(a.outputs),  a.kernel_size, Divisor(a.stride),
          a.padding,         Divisor(a.dilation), a.adaptive};
}
inline DividingShape dividing(const PoolShape& s) {
  return {s.dtype, s.batch, Divisor(s.channels), dividing(s.height), dividing(s.width)};
}

/// max_pool_forward() of x + bias; bias [channels] may be null.
void max_pool_forward_with_bias(const MaxPoolArgs& args, const void* bias, Stream stream);

}  // namespace smtrain::cuda
