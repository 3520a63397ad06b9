// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/bias_relu.h"
#include "smtrain/kernels/cuda/column_sums.h"
#include "smtrain/kernels/cuda/conv2d_plans.h"
#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace smtrain::cuda {
namespace {

/// A plan, or why there is none, which is told when it is asked for: the first layer of a network
/// needs no input gradient.
class Planned {
 public:
  Planned(const CudnnTarget& target, const Conv2dShape& shape, const Conv2dOperation& operation,
          Stream stream) {
    try {
      plan_ = choose_plan(target, shape, operation, plan_choices(), stream);
    } catch (const std::runtime_error& error) {
      missing_ = error.what();
    }
  }

  bool exists() const { return plan_.has_value(); }
  size_t workspace_bytes() const { return plan_ ? plan_->workspace_bytes() : 0; }

  const CudnnPlan& plan() const {
    if (!plan_) throw std::runtime_error(missing_);
    return *plan_;
  }

 private:
  std::optional<CudnnPlan> plan_;
  std::string missing_;
};

/// How the gradients of one shape are computed.
struct CudaConv2dBackward {
  Planned input, weight;
  std::optional<Planned> adding_weight;  // where a weight's gradient needs no conversion

  CudaConv2dBackward(const CudnnTarget& target, const Conv2dShape& s, Stream stream)
      : input(target, s, {.direction = ConvolutionDirection::backward_data}, stream),
        weight(target, s, {.direction = ConvolutionDirection::backward_filter}, stream) {
    if (s.gradient_dtype != s.dtype) return;
    const Conv2dOperation adding = {.direction = ConvolutionDirection::backward_filter,
                                    .accumulate = true};
    adding_weight.emplace(target, s, adding, stream);
  }
};

/// How all that can be asked of one shape is computed.
struct CudaConv2d {
  Conv2dShape shape;
  Planned plain, with_bias;
  std::optional<CudaConv2dBackward> backward;  // once it was asked for

  CudaConv2d(const CudnnTarget& target, const Conv2dShape& s, Stream stream)
      : shape(s), plain(target, s, {}, stream), with_bias(target, s, {.bias = true}, stream) {}

  /// y as a matrix has a row for each pixel.
  int64_t y_rows() const { return shape.batch * shape.out_height * shape.out_width; }

  size_t forward_workspace_bytes() const {
    return std::max(plain.workspace_bytes(), with_bias.workspace_bytes());
  }

  /// Where a weight's gradient lies before it is converted. cuDNN has no engine that makes f32 of
  /// bf16 or f16 here.
  size_t converted_gradient_bytes() const {
    constexpr size_t kAlignment = 256;
    if (shape.gradient_dtype == shape.dtype) return 0;
    const size_t bytes = static_cast<size_t>(shape.weight_numel()) * size_of(shape.dtype);
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  size_t backward_weight_workspace_bytes() const {
    return std::max({converted_gradient_bytes() + backward->weight.workspace_bytes(),
                     backward->adding_weight ? backward->adding_weight->workspace_bytes() : 0,
                     column_sums_workspace_bytes(y_rows(), shape.out_channels)});
  }

  Conv2dPlan described() const {
    return {
        .handle = this,
        .forward_workspace_bytes = forward_workspace_bytes(),
        .backward_input_workspace_bytes = backward ? backward->input.workspace_bytes() : 0,
        .backward_weight_workspace_bytes = backward ? backward_weight_workspace_bytes() : 0,
        .images_in_cache = shape.batch,
    };
  }
};

/// cuDNN for this process' GPU. One thread at a time: a handle has one stream.
struct Cudnn {
  std::mutex mutex;
  std::optional<CudnnTarget> target;   // made when first asked for; its handle outlives the process
  std::list<CudaConv2d> convolutions;  // never dropped: a captured step may hold one for ever
};

Cudnn& shared_cudnn() {
  static Cudnn& shared = *new Cudnn;  // not destroyed: CUDA may be gone when the process ends
  return shared;
}

const CudnnTarget& this_gpu(Cudnn& shared) {
  if (!shared.target) {
    cudnnHandle_t handle = nullptr;
    if (const cudnnStatus_t status = cudnnCreate(&handle); status != CUDNN_STATUS_SUCCESS)
      throw std::runtime_error(std::string("cuDNN does not start: ") + cudnnGetErrorString(status));
    shared.target.emplace(handle);
  }
  return *shared.target;
}

CudaConv2d& forward_plan_of(Cudnn& shared, const Conv2dShape& shape, Stream stream) {
  for (CudaConv2d& known : shared.convolutions) {
    if (known.shape == shape) return known;
  }
  return shared.convolutions.emplace_back(this_gpu(shared), shape, stream);
}

Conv2dPlan plan_of(const Conv2dPlanArgs& args, Stream stream) {
  Cudnn& shared = shared_cudnn();
  const std::lock_guard lock(shared.mutex);
  CudaConv2d& conv = forward_plan_of(shared, args.shape, stream);
  if (args.backward && !conv.backward) conv.backward.emplace(this_gpu(shared), args.shape, stream);
  return conv.described();
}

void execute(const Planned& planned, std::initializer_list<CudnnPlan::Buffer> buffers,
             void* workspace, Stream stream) {
  const std::lock_guard lock(shared_cudnn().mutex);
  planned.plan().execute({buffers.begin(), buffers.size()}, workspace, stream);
}

void backward_weight(const CudaConv2d& conv, const Conv2dBackwardWeightArgs& args, Stream stream) {
  const Conv2dShape& shape = conv.shape;
  const CudaConv2dBackward& backward = conv.backward.value();
  if (backward.adding_weight) {
    return execute(args.accumulate_weight ? *backward.adding_weight : backward.weight,
                   {{kX, args.x}, {kWeight, args.dw}, {kY, args.dy}}, args.workspace, stream);
  }
  void* rest = static_cast<std::byte*>(args.workspace) + conv.converted_gradient_bytes();
  execute(backward.weight, {{kX, args.x}, {kWeight, args.workspace}, {kY, args.dy}}, rest, stream);
  const Layout line = {.ndim = 1, .shape = {shape.weight_numel()}, .strides = {1}};
  copy({.x_layout = line,
        .y_layout = line,
        .x_dtype = shape.dtype,
        .y_dtype = shape.gradient_dtype,
        .accumulate = args.accumulate_weight,
        .x = args.workspace,
        .y = args.dw},
       stream);
}

}  // namespace

void conv2d_plan(const Conv2dPlanArgs& args, Stream stream) {
  reporting_failure("conv2d_plan", [&] { *args.plan = plan_of(args, stream); });
}

void conv2d_forward(const Conv2dArgs& args, Stream stream) {
  reporting_failure("conv2d_forward", [&] {
    const auto& conv = *static_cast<const CudaConv2d*>(args.plan);
    const bool adds_bias = args.bias != nullptr && conv.with_bias.exists();
    if (adds_bias) {
      execute(conv.with_bias,
              {{kX, args.x}, {kWeight, args.weight}, {kBias, args.bias}, {kY, args.y}},
              args.workspace, stream);
    } else {
      execute(conv.plain, {{kX, args.x}, {kWeight, args.weight}, {kY, args.y}}, args.workspace,
              stream);
    }
    const void* bias = adds_bias ? nullptr : args.bias;
    if (bias == nullptr && !args.relu) return;
    bias_relu(conv.y_rows(), conv.shape.out_channels, conv.shape.dtype, bias, args.relu, args.y,
              stream);
  });
}

void conv2d_backward_input(const Conv2dBackwardInputArgs& args, Stream stream) {
  reporting_failure("conv2d_backward_input", [&] {
    const auto& conv = *static_cast<const CudaConv2d*>(args.plan);
    execute(conv.backward.value().input, {{kX, args.dx}, {kWeight, args.weight}, {kY, args.dy}},
            args.workspace, stream);
  });
}

void conv2d_backward_weight(const Conv2dBackwardWeightArgs& args, Stream stream) {
  reporting_failure("conv2d_backward_weight", [&] {
    const auto& conv = *static_cast<const CudaConv2d*>(args.plan);
    if (args.dw != nullptr) backward_weight(conv, args, stream);
    if (args.db != nullptr) {
      column_sums(conv.y_rows(), conv.shape.out_channels, conv.shape.dtype,
                  conv.shape.gradient_dtype, args.dy, args.db, args.accumulate_bias, args.workspace,
                  stream);
    }
  });
}

}  // namespace smtrain::cuda
