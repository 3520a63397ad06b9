// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/unary.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

// What the derivative reads besides dy.
enum class Saves { nothing, input, output };

Tensor unary(const char* name, UnaryOp op, Saves saves, const Tensor& x) {
  const Tensor in = dense(x);
  const Tensor y = empty_like(in);
  call(
      y.device(), &KernelTable::unary,
      UnaryArgs{.op = op, .count = in.numel(), .dtype = in.dtype(), .x = in.data(), .y = y.data()});

  // The kernel takes both and reads one, so the saved one stands for the other.
  const Tensor saved = saves == Saves::input ? in : saves == Saves::output ? y.detach() : Tensor();
  return record(name, y, {x}, [op, saved](const Tensor& grad, GradientSink& sink) {
    const Destination dx = sink.of(0);
    const Tensor dy = in_order_of(grad, dx.tensor);
    const Tensor read = saved.defined() ? in_order_of(saved, dx.tensor) : dy;
    call(dy.device(), &KernelTable::unary_backward,
         UnaryBackwardArgs{.op = op,
                           .count = dy.numel(),
                           .dtype = dy.dtype(),
                           .accumulate = dx.accumulate,
                           .x = read.data(),
                           .y = read.data(),
                           .dy = dy.data(),
                           .dx = dx.data()});
  });
}

Tensor of_numbers(const char* name, UnaryOp op, Saves saves, const Tensor& x) {
  check(x.dtype() != DType::boolean, name, ": bool has no arithmetic");
  return unary(name, op, saves, x);
}

Tensor of_floating(const char* name, UnaryOp op, Saves saves, const Tensor& x) {
  check(is_floating(x.dtype()), name, ": expected a floating dtype, got ", x.dtype());
  return unary(name, op, saves, x);
}

}  // namespace

Tensor neg(const Tensor& x) { return of_numbers("neg", UnaryOp::negate, Saves::nothing, x); }
Tensor abs(const Tensor& x) { return of_numbers("abs", UnaryOp::abs, Saves::input, x); }
Tensor square(const Tensor& x) { return of_numbers("square", UnaryOp::square, Saves::input, x); }
Tensor relu(const Tensor& x) { return of_numbers("relu", UnaryOp::relu, Saves::output, x); }
Tensor exp(const Tensor& x) { return of_floating("exp", UnaryOp::exp, Saves::output, x); }
Tensor log(const Tensor& x) { return of_floating("log", UnaryOp::log, Saves::input, x); }
Tensor log1p(const Tensor& x) { return of_floating("log1p", UnaryOp::log1p, Saves::input, x); }
Tensor sqrt(const Tensor& x) { return of_floating("sqrt", UnaryOp::sqrt, Saves::output, x); }
Tensor sigmoid(const Tensor& x) {
  return of_floating("sigmoid", UnaryOp::sigmoid, Saves::output, x);
}
Tensor tanh(const Tensor& x) { return of_floating("tanh", UnaryOp::tanh, Saves::output, x); }

}  // namespace smtrain
