// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/pool.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/ops/pool_parts.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/ops/write_gradient.h"

#include <algorithm>

namespace smtrain {
namespace {

void check_input(const char* op, const Shape& x, DType dtype) {
  check(x.ndim() == 4, op, ": expected an input [N, C, H, W], got ", x);
  check(is_floating(dtype), op, ": input must be floating point, got ", dtype);
}

PoolAxis window_axis(const char* op, const char* name, const Shape& x, int dim, int64_t kernel_size,
                     int64_t stride, int64_t padding, int64_t dilation, bool ceil_mode) {
  if (stride == 0) stride = kernel_size;
  check(kernel_size > 0 && stride > 0 && dilation > 0, op,
        ": kernel_size, stride and dilation of the ", name, " must be positive, got ", kernel_size,
        ", ", stride, " and ", dilation);
  check(padding >= 0 && padding <= kernel_size / 2, op, ": padding of the ", name,
        " must be 0 to half of kernel_size ", kernel_size, ", got ", padding);
  const int64_t inputs = x[dim];
  const int64_t free = inputs + 2 * padding - dilation * (kernel_size - 1) - 1;
  // The last window that ceil_mode adds must begin inside the input or the padding before it.
  int64_t outputs = free < 0 ? 0 : free / stride + 1;
  if (ceil_mode && free >= -(stride - 1)) {
    outputs = (free + stride - 1) / stride + 1;
    if ((outputs - 1) * stride >= inputs + padding) --outputs;
  }
  check(outputs > 0, op, ": a window of ", dilation * (kernel_size - 1) + 1, " does not fit the ",
        name, " of ", inputs, " with padding ", padding, " (input ", x, ")");
  return {inputs, outputs, kernel_size, stride, padding, dilation, /*adaptive=*/false};
}

PoolAxis adaptive_axis(const char* op, const char* name, const Shape& x, int dim, int64_t outputs) {
  check(outputs > 0, op, ": output ", name, " must be positive, got ", outputs);
  check(x[dim] > 0, op, ": input has no ", name, " (", x, ")");
  PoolAxis axis{x[dim], outputs, 0, 1, 0, 1, /*adaptive=*/true};
  for (int64_t o = 0; o < outputs; ++o) {
    axis.kernel_size = std::max(axis.kernel_size, axis.end(o) - axis.begin(o));
  }
  return axis;
}

PoolShape adaptive_shape(const char* op, const Tensor& x, Size2d output_size) {
  check_input(op, x.shape(), x.dtype());
  return {x.dtype(), x.size(0), x.size(1),
          adaptive_axis(op, "height", x.shape(), 2, output_size.height),
          adaptive_axis(op, "width", x.shape(), 3, output_size.width)};
}

Tensor max_pool(const char* op, const Tensor& input, const PoolShape& shape) {
  const Tensor x = to_channels_last(input);
  const Device device = x.device();
  const Shape y_shape = pooled_shape(shape);
  Tensor y = empty(y_shape, {.dtype = shape.dtype, .format = MemoryFormat::channels_last}, device);
  Tensor index;
  if (needs_gradient({x})) index = empty(y_shape, {.dtype = pool_index_dtype(shape)}, device);
  call(device, &KernelTable::max_pool_forward,
       MaxPoolArgs{.shape = shape,
                   .relu = false,
                   .x = x.data(),
                   .y = y.data(),
                   .index = index.defined() ? index.data() : nullptr});

  return record(op, y, {x}, [=](const Tensor& grad, GradientSink& sink) {
    const Tensor dy = to_channels_last(grad);
    write_gradient(sink.of(0), MemoryFormat::channels_last, KernelAdds::yes,
                   [&](const Tensor& dx, bool accumulate) {
                     call(device, &KernelTable::max_pool_backward,
                          MaxPoolBackwardArgs{.shape = shape,
                                              .accumulate = accumulate,
                                              .dy = dy.data(),
                                              .index = index.data(),
                                              .dx = dx.data()});
                   });
  });
}

Tensor avg_pool(const char* op, const Tensor& input, const PoolShape& shape, AveragePoolRule rule) {
  const Tensor x = to_channels_last(input);
  const Device device = x.device();
  Tensor y = empty(pooled_shape(shape),
                   {.dtype = shape.dtype, .format = MemoryFormat::channels_last}, device);
  call(device, &KernelTable::avg_pool_forward,
       AvgPoolArgs{.shape = shape, .rule = rule, .x = x.data(), .y = y.data()});

  return record(op, y, {x}, [=](const Tensor& grad, GradientSink& sink) {
    const Tensor dy = to_channels_last(grad);
    write_gradient(sink.of(0), MemoryFormat::channels_last, KernelAdds::yes,
                   [&](const Tensor& dx, bool accumulate) {
                     call(device, &KernelTable::avg_pool_backward,
                          AvgPoolBackwardArgs{.shape = shape,
                                              .rule = rule,
                                              .accumulate = accumulate,
                                              .dy = dy.data(),
                                              .dx = dx.data()});
                   });
  });
}

}  // namespace

PoolShape pool_shape(const char* op, const Shape& x, DType dtype, const MaxPool2dOptions& options) {
  const auto& [kernel_size, stride, padding, dilation, ceil_mode] = options;
  check_input(op, x, dtype);
  return {dtype, x[0], x[1],
          window_axis(op, "height", x, 2, kernel_size.height, stride.height, padding.height,
                      dilation.height, ceil_mode),
          window_axis(op, "width", x, 3, kernel_size.width, stride.width, padding.width,
                      dilation.width, ceil_mode)};
}

Shape pooled_shape(const PoolShape& shape) {
  return {shape.batch, shape.channels, shape.height.outputs, shape.width.outputs};
}

Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options) {
  return max_pool("max_pool2d", x, pool_shape("max_pool2d", x.shape(), x.dtype(), options));
}

Tensor avg_pool2d(const Tensor& x, const AvgPool2dOptions& options) {
  const PoolShape shape = pool_shape("avg_pool2d", x.shape(), x.dtype(),
                                     {.kernel_size = options.kernel_size,
                                      .stride = options.stride,
                                      .padding = options.padding,
                                      .ceil_mode = options.ceil_mode});
  check(options.divisor_override >= 0, "avg_pool2d: divisor_override must not be negative, got ",
        options.divisor_override);
  return avg_pool("avg_pool2d", x, shape, {options.count_include_pad, options.divisor_override});
}

Tensor adaptive_avg_pool2d(const Tensor& x, Size2d output_size) {
  return avg_pool("adaptive_avg_pool2d", x, adaptive_shape("adaptive_avg_pool2d", x, output_size),
                  {.count_include_pad = false, .divisor = 0});
}

Tensor adaptive_max_pool2d(const Tensor& x, Size2d output_size) {
  return max_pool("adaptive_max_pool2d", x, adaptive_shape("adaptive_max_pool2d", x, output_size));
}

}  // namespace smtrain
