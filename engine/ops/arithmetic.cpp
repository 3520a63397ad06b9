// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/arithmetic.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/engine/ops/view.h"

#include <cmath>

namespace smtrain {
namespace {

// Whether a is laid out channels-last and not row-major as well.
bool is_channels_last(const Tensor& x) {
  return x.is_contiguous(MemoryFormat::channels_last) && !x.is_contiguous();
}

// op(a, b), outside the graph.
Tensor combine(const char* name, BinaryOp op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), name, ": dtypes differ (", a.dtype(), " and ", b.dtype(), ")");
  check(a.device() == b.device(), name, ": devices differ (", a.device(), " and ", b.device(), ")");
  const Shape shape = broadcast_shapes(name, a.shape(), b.shape());
  const bool compares = op == BinaryOp::equal || op == BinaryOp::less || op == BinaryOp::greater;
  check(compares || a.dtype() != DType::boolean, name, ": bool has no arithmetic");
  Tensor left = expand(a.detach(), shape);
  Tensor right = expand(b.detach(), shape);
  const bool images = (is_channels_last(a) && (is_channels_last(b) || b.shape() != shape)) ||
                      (is_channels_last(b) && a.shape() != shape);
  const Tensor y = empty(shape,
                         {.dtype = compares ? DType::boolean : a.dtype(),
                          .format = images && shape.ndim() == 4 ? MemoryFormat::channels_last
                                                                : MemoryFormat::contiguous},
                         a.device());
  if (is_channels_last(y)) {  // walk the operands as y lies
    left = permute(left, {0, 2, 3, 1});
    right = permute(right, {0, 2, 3, 1});
  }
  call(a.device(), &KernelTable::binary,
       BinaryArgs{.op = op,
                  .a_layout = left.layout(),
                  .b_layout = right.layout(),
                  .dtype = a.dtype(),
                  .a = left.data(),
                  .b = right.data(),
                  .y = y.data()});
  return y;
}

// The gradients of maximum and minimum: to the operand that won, half to each where they tie.
GradientFunction to_winner(const Tensor& a, const Tensor& b, bool largest) {
  return [a = a.detach(), b = b.detach(), largest](const Tensor& dy, GradientSink& sink) {
    const Tensor tie = to(equal(a, b), dy.dtype()) * 0.5;
    const Tensor a_won = to(largest ? greater(a, b) : less(a, b), dy.dtype());
    const Tensor b_won = to(largest ? less(a, b) : greater(a, b), dy.dtype());
    if (sink.needs(0)) sink.give(0, sum_to(dy * (a_won + tie), a.shape()));
    if (sink.needs(1)) sink.give(1, sum_to(dy * (b_won + tie), b.shape()));
  };
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return record("add", combine("add", BinaryOp::add, a, b), {a, b},
                [a = a.shape(), b = b.shape()](const Tensor& dy, GradientSink& sink) {
                  if (sink.needs(0)) sink.give(0, sum_to(dy, a));
                  if (sink.needs(1)) sink.give(1, sum_to(dy, b));
                });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return record("sub", combine("sub", BinaryOp::subtract, a, b), {a, b},
                [a = a.shape(), b = b.shape()](const Tensor& dy, GradientSink& sink) {
                  if (sink.needs(0)) sink.give(0, sum_to(dy, a));
                  if (sink.needs(1)) sink.give(1, sum_to(neg(dy), b));
                });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record("mul", combine("mul", BinaryOp::multiply, a, b), {a, b},
                [a = a.detach(), b = b.detach()](const Tensor& dy, GradientSink& sink) {
                  if (sink.needs(0)) sink.give(0, sum_to(dy * b, a.shape()));
                  if (sink.needs(1)) sink.give(1, sum_to(dy * a, b.shape()));
                });
}

Tensor div(const Tensor& a, const Tensor& b) {
  check(is_floating(a.dtype()), "div: expected floating dtypes, got ", a.dtype());
  const Tensor y = combine("div", BinaryOp::divide, a, b);
  return record(
      "div", y, {a, b},
      [a = a.shape(), b = b.detach(), y = y.detach()](const Tensor& dy, GradientSink& sink) {
        const Tensor da = dy / b;
        if (sink.needs(0)) sink.give(0, sum_to(da, a));
        if (sink.needs(1)) sink.give(1, sum_to(neg(da * y), b.shape()));
      });
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return record("maximum", combine("maximum", BinaryOp::maximum, a, b), {a, b},
                to_winner(a, b, true));
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  return record("minimum", combine("minimum", BinaryOp::minimum, a, b), {a, b},
                to_winner(a, b, false));
}

Tensor equal(const Tensor& a, const Tensor& b) { return combine("equal", BinaryOp::equal, a, b); }
Tensor less(const Tensor& a, const Tensor& b) { return combine("less", BinaryOp::less, a, b); }
Tensor greater(const Tensor& a, const Tensor& b) {
  return combine("greater", BinaryOp::greater, a, b);
}

Tensor affine(const Tensor& x, double scale, double shift) {
  check(x.dtype() != DType::boolean, "affine: bool has no arithmetic");
  check(is_floating(x.dtype()) || (scale == std::floor(scale) && shift == std::floor(shift)),
        "affine: ", x.dtype(), " takes whole numbers, got scale ", scale, " and shift ", shift);
  const Tensor in = dense(x);
  const Tensor y = empty_like(in);
  call(x.device(), &KernelTable::affine,
       AffineArgs{.count = in.numel(),
                  .dtype = in.dtype(),
                  .accumulate = false,
                  .scale = scale,
                  .shift = shift,
                  .x = in.data(),
                  .y = y.data()});
  return record("affine", y, {x}, [scale](const Tensor& grad, GradientSink& sink) {
    const Destination dx = sink.of(0);
    const Tensor dy = in_order_of(grad, dx.tensor);
    call(dy.device(), &KernelTable::affine,
         AffineArgs{.count = dy.numel(),
                    .dtype = dy.dtype(),
                    .accumulate = dx.accumulate,
                    .scale = scale,
                    .shift = 0,
                    .x = dy.data(),
                    .y = dx.data()});
  });
}

Tensor operator/(const Tensor& x, double divisor) {
  return div(x, full({}, divisor, {.dtype = x.dtype()}, x.device()));
}

Tensor operator/(double dividend, const Tensor& x) {
  return div(full({}, dividend, {.dtype = x.dtype()}, x.device()), x);
}

}  // namespace smtrain
