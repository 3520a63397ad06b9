// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/conv2d_parts.h"

#include "smtrain/engine/branch.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/write_gradient.h"

namespace smtrain {
namespace {

// The result's size along one axis.
int64_t output_size(const char* op, const char* axis, int64_t input, int64_t kernel, int64_t stride,
                    int64_t padding, int64_t dilation, const Tensor& x, const Tensor& weight) {
  const int64_t reach = dilation * (kernel - 1) + 1;
  check(input + padding >= reach, op, ": kernel reaches over ", reach, " ", axis,
        " but padded input has ", input + padding, " (input ", x.shape(), ", weight ",
        weight.shape(), ", padding ", padding, ", dilation ", dilation, ")");
  return (input + padding - reach) / stride + 1;
}

void write_zero(const Destination& place) {
  if (!place.accumulate) fill(place.tensor, 0);
}

}  // namespace

Conv2dShape conv2d_shape(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                         const Conv2dOptions& options) {
  const auto& [stride, padding, dilation, groups] = options;
  check(x.ndim() == 4 && weight.ndim() == 4, op,
        ": expected an input [N, C, H, W] and a weight of 4 dimensions, got ", x.shape(), " and ",
        weight.shape());
  check(is_floating(x.dtype()) && x.dtype() == weight.dtype() &&
            (!bias.defined() || bias.dtype() == x.dtype()),
        op, ": expected one floating dtype, got input ", x.dtype(), ", weight ", weight.dtype(),
        ", bias ", bias.defined() ? bias.dtype() : x.dtype());
  check_same_device(op, x, "weight", weight);
  if (bias.defined()) check_same_device(op, x, "bias", bias);
  check(stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0, op,
        ": stride and dilation must be positive, got ", stride, " and ", dilation);
  check(padding.top >= 0 && padding.bottom >= 0 && padding.left >= 0 && padding.right >= 0, op,
        ": padding must not be negative, got top ", padding.top, ", bottom ", padding.bottom,
        ", left ", padding.left, ", right ", padding.right);
  check(groups > 0 && weight.size(0) % groups == 0, op, ": groups ", groups, " must divide the ",
        weight.size(0), " output channels (weight ", weight.shape(), ")");
  check(weight.numel() > 0, op, ": weight is empty (", weight.shape(), ")");
  check(x.size(1) == weight.size(1) * groups, op, ": weight expects ", weight.size(1) * groups,
        " input channels but input has ", x.size(1), " (input ", x.shape(), ", weight ",
        weight.shape(), ", groups ", groups, ")");
  check(!bias.defined() || bias.shape() == Shape{weight.size(0)}, op, ": bias expected of shape [",
        weight.size(0), "], got ", bias.defined() ? bias.shape() : Shape{});
  return {
      .dtype = x.dtype(),
      .gradient_dtype = gradient_dtype(weight, bias),
      .tf32 = Context::current().allows_tf32(),
      .batch = x.size(0),
      .in_channels = x.size(1),
      .in_height = x.size(2),
      .in_width = x.size(3),
      .out_channels = weight.size(0),
      .out_height = output_size(op, "rows", x.size(2), weight.size(2), stride.height,
                                padding.top + padding.bottom, dilation.height, x, weight),
      .out_width = output_size(op, "columns", x.size(3), weight.size(3), stride.width,
                               padding.left + padding.right, dilation.width, x, weight),
      .kernel_height = weight.size(2),
      .kernel_width = weight.size(3),
      .stride_height = stride.height,
      .stride_width = stride.width,
      .pad_top = padding.top,
      .pad_left = padding.left,
      .dilation_height = dilation.height,
      .dilation_width = dilation.width,
      .groups = groups,
  };
}

Conv2dPlan conv2d_plan(Device device, const Conv2dShape& shape, bool backward) {
  const auto entry = device.kernels().conv2d_plan;
  if (entry == nullptr) throw_missing_entry(device, &device.kernels().conv2d_plan);
  Conv2dPlan plan;
  entry({.shape = shape, .backward = backward, .plan = &plan}, Context::current().stream(device));
  throw_reported_failure(device);
  return plan;
}

Tensor workspace_of(size_t size_bytes, Device device) {
  return empty({static_cast<int64_t>(size_bytes)}, {.dtype = DType::u8}, device);
}

void conv2d_backward(const Conv2dShape& shape, const Tensor& x, const Tensor& weight,
                     const Tensor& dy, GradientSink& sink) {
  if (shape.batch == 0) {
    for (int i = 0; i < 3; ++i) {
      if (sink.needs(i)) write_zero(sink.of(i));
    }
    return;
  }
  const Device device = dy.device();
  const Conv2dPlan plan = conv2d_plan(device, shape, /*backward=*/true);
  const Tensor workspace = workspace_of(plan.backward_weight_workspace_bytes, device);
  Branch branch(device, sink.needs(0));  // the weight's gradient is nobody's input
  if (sink.needs(1) || sink.needs(2)) {
    const Destination db = sink.needs(2) ? sink.of(2, shape.gradient_dtype) : Destination{};
    Conv2dBackwardWeightArgs args{.plan = plan.handle,
                                  .accumulate_weight = false,
                                  .accumulate_bias = db.accumulate,
                                  .x = x.data(),
                                  .dy = dy.data(),
                                  .dw = nullptr,
                                  .db = sink.needs(2) ? db.data() : nullptr,
                                  .workspace = workspace.data()};
    if (sink.needs(1)) {
      write_gradient(sink.of(1, shape.gradient_dtype), MemoryFormat::contiguous, KernelAdds::yes,
                     branch, [&](const Tensor& dw, bool accumulate) {
                       args.accumulate_weight = accumulate;
                       args.dw = dw.data();
                       call(device, &KernelTable::conv2d_backward_weight, args);
                     });
    } else {
      call(device, &KernelTable::conv2d_backward_weight, args);
    }
  }
  if (sink.needs(0)) {
    const Tensor input_workspace = workspace_of(plan.backward_input_workspace_bytes, device);
    write_gradient(sink.of(0), MemoryFormat::channels_last, KernelAdds::no,
                   [&](const Tensor& dx, bool) {
                     call(device, &KernelTable::conv2d_backward_input,
                          Conv2dBackwardInputArgs{.plan = plan.handle,
                                                  .dy = dy.data(),
                                                  .weight = weight.data(),
                                                  .dx = dx.data(),
                                                  .workspace = input_workspace.data()});
                   });
  }
}

}  // namespace smtrain
