// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/linear.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/branch.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/relu_gradient.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/ops/write_gradient.h"

#include <algorithm>

namespace smtrain {
namespace {

void check_inputs(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check(x.ndim() >= 1 && weight.ndim() == 2, op,
        ": expected an input [..., in_features] and a weight [out_features, in_features], got ",
        x.shape(), " and ", weight.shape());
  check(x.size(-1) == weight.size(1), op, ": weight expects ", weight.size(1),
        " input features but input has ", x.size(-1), " (input ", x.shape(), ", weight ",
        weight.shape(), ")");
  check(!bias.defined() || bias.shape() == Shape{weight.size(0)}, op, ": bias expected of shape [",
        weight.size(0), "], got ", bias.defined() ? bias.shape() : Shape{});
  check(is_floating(x.dtype()) && x.dtype() == weight.dtype() &&
            (!bias.defined() || bias.dtype() == x.dtype()),
        op, ": expected one floating dtype, got input ", x.dtype(), ", weight ", weight.dtype(),
        ", bias ", bias.defined() ? bias.dtype() : x.dtype());
  check_same_device(op, x, "weight", weight);
  if (bias.defined()) check_same_device(op, x, "bias", bias);
}

Tensor linear(const char* op, bool relu, const Tensor& input, const Tensor& weight_as_given,
              const Tensor& bias) {
  check_inputs(op, input, weight_as_given, bias);
  const Tensor x = contiguous(input), weight = contiguous(weight_as_given);
  const int64_t in_features = weight.size(1), out_features = weight.size(0);
  Shape shape = x.shape();
  shape[shape.ndim() - 1] = out_features;
  const int64_t rows = in_features > 0 ? x.numel() / in_features
                                       : shape.numel() / std::max<int64_t>(1, out_features);
  const bool tf32 = Context::current().allows_tf32();
  const DType of_gradients = gradient_dtype(weight, bias);
  Tensor y = empty(shape, {.dtype = x.dtype()}, x.device());
  call(y.device(), &KernelTable::linear_forward,
       LinearArgs{.rows = rows,
                  .in_features = in_features,
                  .out_features = out_features,
                  .dtype = y.dtype(),
                  .tf32 = tf32,
                  .relu = relu,
                  .x = x.data(),
                  .weight = weight.data(),
                  .bias = bias.defined() ? bias.data() : nullptr,
                  .y = y.data()});

  const Tensor output = relu ? y.detach() : Tensor();
  return record(
      op, y, {x, weight, bias},
      [=, x = x.detach(), weight = weight.detach()](const Tensor& grad, GradientSink& sink) {
        const Tensor dy = relu ? relu_gradient(output, contiguous(grad)) : contiguous(grad);
        Branch branch(dy.device(), sink.needs(0));  // the weight's gradient is nobody's input
        if (sink.needs(1) || sink.needs(2)) {
          const Destination db = sink.needs(2) ? sink.of(2, of_gradients) : Destination{};
          LinearBackwardWeightArgs args{.rows = rows,
                                        .in_features = in_features,
                                        .out_features = out_features,
                                        .dtype = dy.dtype(),
                                        .gradient_dtype = of_gradients,
                                        .tf32 = tf32,
                                        .accumulate_bias = db.accumulate,
                                        .x = x.data(),
                                        .dy = dy.data(),
                                        .db = db.tensor.defined() ? db.data() : nullptr};
          if (sink.needs(1)) {
            write_gradient(sink.of(1, of_gradients), MemoryFormat::contiguous, KernelAdds::yes,
                           branch, [&](const Tensor& dw, bool accumulate) {
                             args.accumulate_weight = accumulate;
                             args.dw = dw.data();
                             call(dy.device(), &KernelTable::linear_backward_weight, args);
                           });
          } else {
            call(dy.device(), &KernelTable::linear_backward_weight, args);
          }
        }
        if (sink.needs(0)) {
          write_gradient(sink.of(0), MemoryFormat::contiguous, KernelAdds::yes,
                         [&](const Tensor& dx, bool accumulate) {
                           call(dy.device(), &KernelTable::linear_backward_input,
                                LinearBackwardInputArgs{.rows = rows,
                                                        .in_features = in_features,
                                                        .out_features = out_features,
                                                        .dtype = dy.dtype(),
                                                        .tf32 = tf32,
                                                        .accumulate = accumulate,
                                                        .dy = dy.data(),
                                                        .weight = weight.data(),
                                                        .dx = dx.data()});
                         });
        }
      });
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear("linear", /*relu=*/false, x, weight, bias);
}

Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear("linear_relu", /*relu=*/true, x, weight, bias);
}

}  // namespace smtrain
