// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/conv2d_plans.h"

#include "smtrain/kernels/cuda/plan_timing.h"
#include "smtrain/kernels/cuda/stream_capture.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <utility>

namespace smtrain::cuda {
namespace {

constexpr int64_t kSum = 5;  // what a bias is added to

cudnnDataType_t data_type(DType dtype) {
  switch (dtype) {
    case DType::f64: return CUDNN_DATA_DOUBLE;
    case DType::bf16: return CUDNN_DATA_BFLOAT16;
    case DType::f16: return CUDNN_DATA_HALF;
    default: return CUDNN_DATA_FLOAT;
  }
}

cudnnDataType_t compute_type(DType dtype) {
  return dtype == DType::f64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;
}

CudnnTensor channels_last(int64_t uid, DType dtype, const std::array<int64_t, 4>& shape) {
  const auto& [batch, channels, height, width] = shape;
  return {.uid = uid,
          .dtype = data_type(dtype),
          .shape = shape,
          .strides = {height * width * channels, 1, width * channels, channels}};
}

CudnnTensor row_major(int64_t uid, DType dtype, const std::array<int64_t, 4>& shape) {
  const auto& [out, in, height, width] = shape;
  return {.uid = uid,
          .dtype = data_type(dtype),
          .shape = shape,
          .strides = {in * height * width, height * width, width, 1}};
}

/// A tensor like y that is only passed on, in the type that is computed in.
CudnnTensor passed_on(int64_t uid, DType dtype, CudnnTensor y) {
  y.uid = uid;
  y.dtype = compute_type(dtype);
  y.is_virtual = true;
  return y;
}

/// Padding below or to the right. Several fit where the stride leaves inputs unread; the same as
/// before is what most engines know.
int64_t post_padding(int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride,
                     int64_t dilation, int64_t pre_padding) {
  const int64_t reach = dilation * (kernel - 1) + 1;
  const bool symmetric = (inputs + 2 * pre_padding - reach) / stride + 1 == outputs;
  if (symmetric) return pre_padding;
  return std::max<int64_t>(0, (outputs - 1) * stride + reach - inputs - pre_padding);
}

CudnnConvolution convolution_of(const Conv2dShape& s) {
  return {.compute = compute_type(s.dtype),
          .pre_padding = {s.pad_top, s.pad_left},
          .post_padding = {post_padding(s.in_height, s.out_height, s.kernel_height, s.stride_height,
                                        s.dilation_height, s.pad_top),
                           post_padding(s.in_width, s.out_width, s.kernel_width, s.stride_width,
                                        s.dilation_width, s.pad_left)},
          .strides = {s.stride_height, s.stride_width},
          .dilations = {s.dilation_height, s.dilation_width}};
}

/// "[4, 3, 96, 96]".
std::string list(std::initializer_list<int64_t> sizes) {
  std::string text = "[";
  for (const int64_t size : sizes) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

/// "result + bias of a f32 convolution (input [4, 3, 96, 96], weight [6, 3, 7, 7], groups 1)".
std::string described(const Conv2dShape& s, const Conv2dOperation& operation) {
  std::string text;
  switch (operation.direction) {
    case ConvolutionDirection::forward: text = "result"; break;
    case ConvolutionDirection::backward_data: text = "input gradient"; break;
    case ConvolutionDirection::backward_filter: text = "weight gradient"; break;
  }
  if (operation.bias) text += " + bias";
  if (operation.accumulate) text += " (added)";
  text += std::string(" of a ") + (s.tf32 ? "tf32" : name_of(s.dtype)) + " convolution (input ";
  text += list({s.batch, s.in_channels, s.in_height, s.in_width}) + ", weight ";
  text += list({s.out_channels, s.group_inputs(), s.kernel_height, s.kernel_width});
  return text + ", groups " + std::to_string(s.groups) + ")";
}

std::vector<BufferSize> buffers_of(const Conv2dShape& s, const Conv2dOperation& operation) {
  const auto bytes = [&](int64_t numel) { return static_cast<size_t>(numel) * size_of(s.dtype); };
  std::vector<BufferSize> buffers = {
      {kX, bytes(s.x_numel())}, {kWeight, bytes(s.weight_numel())}, {kY, bytes(s.y_numel())}};
  if (operation.bias) buffers.push_back({kBias, bytes(s.out_channels)});
  return buffers;
}

}  // namespace

CudnnGraph conv2d_graph(const CudnnTarget& target, const Conv2dShape& s,
                        const Conv2dOperation& operation) {
  const cudnnDataType_t compute = compute_type(s.dtype);
  const CudnnTensor x =
      channels_last(kX, s.dtype, {s.batch, s.in_channels, s.in_height, s.in_width});
  const CudnnTensor weight = row_major(
      kWeight, s.dtype, {s.out_channels, s.group_inputs(), s.kernel_height, s.kernel_width});
  const CudnnTensor bias = channels_last(kBias, s.dtype, {1, s.out_channels, 1, 1});
  const CudnnTensor y =
      channels_last(kY, s.dtype, {s.batch, s.out_channels, s.out_height, s.out_width});
  const CudnnTensor sum = operation.bias ? passed_on(kSum, s.dtype, y) : y;

  CudnnGraph graph;
  graph.convolution(operation.direction, convolution_of(s), x, weight, sum,
                    operation.accumulate ? 1 : 0);
  if (operation.bias) graph.add(compute, sum, bias, y);
  graph.finalize(target);
  return graph;
}

bool is_exact_enough(DType dtype, bool tf32, const NumericalNotes& notes) {
  if (notes.test(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  if (notes.test(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) return false;
  if (notes.test(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)) return false;
  return dtype != DType::f32 || tf32 || !notes.test(CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
}

std::string text_of(const Conv2dShape& s, const Conv2dOperation& operation) {
  return described(s, operation) + ", output " + list({s.out_height, s.out_width}) + ", stride " +
         list({s.stride_height, s.stride_width}) + ", padding " + list({s.pad_top, s.pad_left}) +
         ", dilation " + list({s.dilation_height, s.dilation_width}) +
         ", channels-last, weight row-major";
}

std::vector<CudnnPlan> candidate_plans(const CudnnTarget& target, const Conv2dShape& shape,
                                       const Conv2dOperation& operation, size_t most) {
  const auto graph = std::make_shared<const CudnnGraph>(conv2d_graph(target, shape, operation));
  std::vector<CudnnPlan> plans;
  int inexact = 0, unsupported = 0, too_large = 0;
  const auto consider = [&](CudnnProposal proposal) {
    if (!is_exact_enough(shape.dtype, shape.tf32, proposal.numerical)) {
      ++inexact;
    } else if (auto plan = CudnnPlan::build(graph, std::move(proposal)); !plan) {
      ++unsupported;
    } else if (plan->workspace_bytes() > kConv2dWorkspaceLimit) {
      ++too_large;
    } else {
      plans.push_back(std::move(*plan));
    }
  };
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    if (plans.size() == most) break;
    for (CudnnProposal& proposal : propose(*graph, mode)) {
      if (plans.size() < most) consider(std::move(proposal));
    }
  }
  if (!plans.empty()) return plans;
  throw std::runtime_error("cuDNN has no plan for the " + described(shape, operation) + ": " +
                           std::to_string(inexact) + " are not exact enough, " +
                           std::to_string(unsupported) + " are not for this GPU, " +
                           std::to_string(too_large) + " need more than " +
                           std::to_string(kConv2dWorkspaceLimit >> 20) + " MiB of workspace");
}

std::optional<CudnnPlan> plan_named(const CudnnTarget& target, const Conv2dShape& shape,
                                    const Conv2dOperation& operation, const std::string& name) {
  const auto graph = std::make_shared<const CudnnGraph>(conv2d_graph(target, shape, operation));
  std::optional<CudnnProposal> proposal = propose(*graph, name);
  if (!proposal || !is_exact_enough(shape.dtype, shape.tf32, proposal->numerical))
    return std::nullopt;
  std::optional<CudnnPlan> plan = CudnnPlan::build(graph, std::move(*proposal));
  if (plan && plan->workspace_bytes() > kConv2dWorkspaceLimit) return std::nullopt;
  return plan;
}

CudnnPlan choose_plan(const CudnnTarget& target, const Conv2dShape& shape,
                      const Conv2dOperation& operation, PlanChoices& choices, Stream stream) {
  const std::string text = text_of(shape, operation);
  if (const auto told = choices.told(text)) {
    if (auto plan = plan_named(target, shape, operation, told->name)) {
      choices.choose(text, *told);
      return std::move(*plan);
    }
  }
  const bool times = choices.timing() && target.has_handle() && !is_captured(stream);
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  std::vector<CudnnPlan> plans = candidate_plans(target, shape, operation, times ? kAll : 1);
  FastestPlan best{.index = 0, .milliseconds = 0};
  if (times) best = fastest_plan(plans, buffers_of(shape, operation), stream).value_or(best);
  choices.choose(text, {plans[best.index].name(), best.milliseconds});
  return std::move(plans[best.index]);
}

}  // namespace smtrain::cuda
