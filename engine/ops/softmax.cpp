// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/softmax.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

Tensor softmax(const char* name, const Tensor& x, int dim, bool logarithm) {
  check(is_floating(x.dtype()), name, ": expected a floating dtype, got ", x.dtype());
  const int axis = normalize_dim(name, dim, x.shape());
  if (axis != x.ndim() - 1) {
    return movedim(softmax(name, movedim(x, axis, -1), -1, logarithm), -1, axis);
  }

  const Tensor in = contiguous(x);
  const int64_t cols = in.shape().back();
  const int64_t rows = cols == 0 ? 0 : in.numel() / cols;
  const Tensor y = empty(in.shape(), {.dtype = in.dtype()}, in.device());
  call(y.device(), &KernelTable::softmax_forward,
       SoftmaxArgs{.rows = rows,
                   .cols = cols,
                   .dtype = in.dtype(),
                   .logarithm = logarithm,
                   .x = in.data(),
                   .y = y.data()});

  // Needs only the output, so the input can be freed.
  return record(name, y, {in},
                [rows, cols, logarithm, y = y.detach()](const Tensor& grad, GradientSink& sink) {
                  const Tensor dy = contiguous(grad);
                  const Destination dx = sink.of(0);
                  call(y.device(), &KernelTable::softmax_backward,
                       SoftmaxBackwardArgs{.rows = rows,
                                           .cols = cols,
                                           .dtype = y.dtype(),
                                           .logarithm = logarithm,
                                           .accumulate = dx.accumulate,
                                           .y = y.data(),
                                           .dy = dy.data(),
                                           .dx = dx.data()});
                });
}

}  // namespace

Tensor softmax(const Tensor& x, int dim) { return softmax("softmax", x, dim, false); }
Tensor log_softmax(const Tensor& x, int dim) { return softmax("log_softmax", x, dim, true); }

}  // namespace smtrain
