// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/conv2d.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/conv2d_parts.h"
#include "smtrain/engine/ops/relu_gradient.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {
namespace {

Tensor conv2d(const char* op, bool relu, const Tensor& input, const Tensor& weight_as_given,
              const Tensor& bias, const Conv2dOptions& options) {
  const Tensor weight = contiguous(weight_as_given);
  const Conv2dShape shape = conv2d_shape(op, input, weight, bias, options);
  const Tensor x = to_channels_last(input);
  const Device device = x.device();
  Tensor y = empty({shape.batch, shape.out_channels, shape.out_height, shape.out_width},
                   {.dtype = shape.dtype, .format = MemoryFormat::channels_last}, device);
  if (shape.batch > 0) {
    const Conv2dPlan plan = conv2d_plan(device, shape);
    const Tensor workspace = workspace_of(plan.forward_workspace_bytes, device);
    call(device, &KernelTable::conv2d_forward,
         Conv2dArgs{.plan = plan.handle,
                    .relu = relu,
                    .x = x.data(),
                    .weight = weight.data(),
                    .bias = bias.defined() ? bias.data() : nullptr,
                    .y = y.data(),
                    .workspace = workspace.data()});
  }

  const Tensor output = relu ? y.detach() : Tensor();
  return record(
      op, y, {x, weight, bias},
      [=, x = x.detach(), weight = weight.detach()](const Tensor& grad, GradientSink& sink) {
        const Tensor dy = to_channels_last(grad);
        conv2d_backward(shape, x, weight, relu ? relu_gradient(output, dy) : dy, sink);
      });
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options) {
  return conv2d("conv2d", /*relu=*/false, x, weight, bias, options);
}

Tensor conv2d_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const Conv2dOptions& options) {
  return conv2d("conv2d_relu", /*relu=*/true, x, weight, bias, options);
}

}  // namespace smtrain
