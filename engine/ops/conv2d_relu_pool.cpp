// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/conv2d_relu_pool.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/conv2d_parts.h"
#include "smtrain/engine/ops/pool_parts.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain {

Tensor conv2d_relu_pool(const Tensor& input, const Tensor& weight_as_given, const Tensor& bias,
                        const Conv2dOptions& options, const MaxPool2dOptions& pool_options) {
  const char* const op = "conv2d_relu_pool";
  const Tensor weight = contiguous(weight_as_given);
  const Conv2dShape shape = conv2d_shape(op, input, weight, bias, options);
  const Shape conv_shape = {shape.batch, shape.out_channels, shape.out_height, shape.out_width};
  const PoolShape pool = pool_shape(op, conv_shape, shape.dtype, pool_options);
  check(pool_index_dtype(pool) == DType::u8, op, ": a pooling window holds at most ",
        kLargestFusedWindow, " values, got ", pool_options.kernel_size);

  const Tensor x = to_channels_last(input);
  const Device device = x.device();
  const TensorOptions channels_last = {.dtype = shape.dtype, .format = MemoryFormat::channels_last};
  Tensor y = empty(pooled_shape(pool), channels_last, device);
  const Tensor index = empty(y.shape(), {.dtype = DType::u8}, device);
  if (shape.batch > 0) {
    Conv2dShape run = shape;
    run.batch = conv2d_plan(device, shape).images_in_cache;
    PoolShape run_pool = pool;
    run_pool.batch = run.batch;
    const Conv2dPlan plan = conv2d_plan(device, run);
    const Tensor workspace = workspace_of(plan.forward_workspace_bytes, device);
    const Tensor conv_output = empty({run.y_numel()}, {.dtype = shape.dtype}, device);
    call(device, &KernelTable::conv2d_relu_pool_forward,
         Conv2dReluPoolArgs{.shape = run,
                            .chunks = shape.batch / run.batch,
                            .conv = {.plan = plan.handle,
                                     .relu = false,
                                     .x = x.data(),
                                     .weight = weight.data(),
                                     .bias = bias.defined() ? bias.data() : nullptr,
                                     .y = conv_output.data(),
                                     .workspace = workspace.data()},
                            .pool = {.shape = run_pool,
                                     .relu = true,
                                     .x = conv_output.data(),
                                     .y = y.data(),
                                     .index = index.data()}});
  }

  return record(
      op, y, {x, weight, bias},
      [=, x = x.detach(), weight = weight.detach()](const Tensor& grad, GradientSink& sink) {
        const Tensor dy = to_channels_last(grad);
        const Tensor dconv = empty(conv_shape, channels_last, device);
        call(device, &KernelTable::max_pool_backward,
             MaxPoolBackwardArgs{.shape = pool,
                                 .accumulate = false,
                                 .dy = dy.data(),
                                 .index = index.data(),
                                 .dx = dconv.data()});
        conv2d_backward(shape, x, weight, dconv, sink);
      });
}

}  // namespace smtrain
