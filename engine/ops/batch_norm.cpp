// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/batch_norm.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/ops/write_gradient.h"
#include "smtrain/kernels/batch_norm.h"

#include <algorithm>

namespace smtrain {
namespace {

void check_per_channel(const char* what, const Tensor& values, const Tensor& x) {
  if (!values.defined()) return;
  check(values.shape() == Shape{x.size(1)}, "batch_norm: ", what, " expected of shape [", x.size(1),
        "], got ", values.shape(), " (input ", x.shape(), ")");
  check(values.dtype() == statistics_dtype(x.dtype()) && values.is_contiguous(),
        "batch_norm: ", what, " must be contiguous and ", statistics_dtype(x.dtype()), ", got ",
        values.dtype());
  check_same_device("batch_norm", x, what, values);
}

void* data_or_null(const Tensor& x) { return x.defined() ? x.data() : nullptr; }

}  // namespace

Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                  const BatchNormRunning& running, const BatchNormOptions& options,
                  const BatchNormThen& then) {
  check(input.ndim() == 2 || input.ndim() == 4,
        "batch_norm: expected an input [N, C] or [N, C, H, W], got ", input.shape());
  check(is_floating(input.dtype()), "batch_norm: input must be floating point, got ",
        input.dtype());
  check_per_channel("weight", weight, input);
  check_per_channel("bias", bias, input);
  check_per_channel("running mean", running.mean, input);
  check_per_channel("running variance", running.var, input);
  check(running.mean.defined() == running.var.defined(),
        "batch_norm: running mean and variance come together");
  const bool training = options.training || !running.mean.defined();
  const bool tracks = options.training && running.mean.defined();
  check(!tracks || (running.num_batches_tracked.defined() &&
                    running.num_batches_tracked.dtype() == DType::i64 &&
                    running.num_batches_tracked.numel() == 1),
        "batch_norm: num_batches_tracked must be one i64");

  if (then.add.defined()) {
    check(then.add.shape() == input.shape() && then.add.dtype() == input.dtype(),
          "batch_norm: what is added expected of shape ", input.shape(), " and ", input.dtype(),
          ", got ", then.add.shape(), " and ", then.add.dtype());
    check_same_device("batch_norm", input, "what is added", then.add);
  }

  const MemoryFormat format =
      input.ndim() == 4 ? MemoryFormat::channels_last : MemoryFormat::contiguous;
  const auto formatted = [format](const Tensor& t) {
    return format == MemoryFormat::channels_last ? to_channels_last(t) : contiguous(t);
  };
  const Tensor x = formatted(input);
  const Device device = x.device();
  const DType dtype = x.dtype();
  const int64_t channels = x.size(1);
  const int64_t rows = x.numel() / std::max<int64_t>(1, channels);
  check(!training || rows != 1,
        "batch_norm: training needs more than one value per channel (input ", x.shape(), ")");
  Tensor y = empty(x.shape(), {dtype, format}, device);
  const Tensor mean = empty({channels}, {.dtype = statistics_dtype(dtype)}, device);
  const Tensor inverse_std = empty({channels}, {.dtype = statistics_dtype(dtype)}, device);
  const Tensor mask = then.relu
                          ? empty({batch_norm_mask_bytes(x.numel())}, {.dtype = DType::u8}, device)
                          : Tensor();
  const auto workspace = [=] {
    const size_t bytes = batch_norm_workspace_bytes(rows, channels);
    return empty({static_cast<int64_t>(bytes)}, {.dtype = DType::u8}, device);
  };
  if (x.numel() > 0) {
    const Tensor work = workspace();
    const Tensor residual = then.add.defined() ? formatted(then.add.detach()) : Tensor();
    call(device, &KernelTable::batch_norm_forward,
         BatchNormArgs{
             .rows = rows,
             .channels = channels,
             .dtype = dtype,
             .training = training,
             .eps = options.eps,
             .momentum = options.momentum,
             .x = x.data(),
             .weight = data_or_null(weight),
             .bias = data_or_null(bias),
             .residual = data_or_null(residual),
             .y = y.data(),
             .mask = then.relu ? mask.data<uint8_t>() : nullptr,
             .mean = mean.data(),
             .inverse_std = inverse_std.data(),
             .running_mean = data_or_null(running.mean),
             .running_var = data_or_null(running.var),
             .num_batches_tracked = tracks ? running.num_batches_tracked.data<int64_t>() : nullptr,
             .workspace = work.data()});
  }

  return record(
      "batch_norm", y, {x, weight, bias, then.add},
      [=, x = x.detach(), weight = weight.defined() ? weight.detach() : Tensor()](
          const Tensor& grad, GradientSink& sink) {
        const Tensor dy = formatted(grad);
        const Tensor work = workspace();
        const auto place = [&](int i) { return sink.needs(i) ? sink.of(i) : Destination{}; };
        const Destination dw = place(1), db = place(2);
        // Without a ReLU what was added has the gradient itself.
        Tensor dresidual;
        if (sink.needs(3))
          dresidual = mask.defined() ? empty(dy.shape(), {dtype, format}, device) : dy;
        BatchNormBackwardArgs args{.rows = rows,
                                   .channels = channels,
                                   .dtype = dtype,
                                   .training = training,
                                   .accumulate_input = false,
                                   .accumulate_weight = dw.accumulate,
                                   .accumulate_bias = db.accumulate,
                                   .x = x.data(),
                                   .dy = dy.data(),
                                   .mask = mask.defined() ? mask.data<uint8_t>() : nullptr,
                                   .weight = data_or_null(weight),
                                   .mean = mean.data(),
                                   .inverse_std = inverse_std.data(),
                                   .dx = nullptr,
                                   .dw = data_or_null(dw.tensor),
                                   .db = data_or_null(db.tensor),
                                   .dresidual = mask.defined() ? data_or_null(dresidual) : nullptr,
                                   .workspace = work.data()};
        if (sink.needs(0)) {
          write_gradient(sink.of(0), format, KernelAdds::yes,
                         [&](const Tensor& dx, bool accumulate) {
                           args.accumulate_input = accumulate;
                           args.dx = dx.data();
                           call(device, &KernelTable::batch_norm_backward, args);
                         });
        } else {
          call(device, &KernelTable::batch_norm_backward, args);
        }
        if (dresidual.defined()) sink.give(3, dresidual);
      });
}

}  // namespace smtrain
