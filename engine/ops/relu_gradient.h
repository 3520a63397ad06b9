// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/call.h"
#include "smtrain/engine/tensor.h"

namespace smtrain {

/// dy where y > 0, else 0: what passes back through a relu that an operation ended in. y and dy lie
/// alike and densely.
inline Tensor relu_gradient(const Tensor& y, const Tensor& dy) {
  const Tensor dx = empty_like(dy);
  call(dy.device(), &KernelTable::unary_backward,
       UnaryBackwardArgs{.op = UnaryOp::relu,
                         .count = dy.numel(),
                         .dtype = dy.dtype(),
                         .accumulate = false,
                         .x = y.data(),
                         .y = y.data(),
                         .dy = dy.data(),
                         .dx = dx.data()});
  return dx;
}

}  // namespace smtrain
