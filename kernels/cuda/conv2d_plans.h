// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"
#include "smtrain/kernels/cuda/cudnn_plan.h"
#include "smtrain/kernels/cuda/plan_choices.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::cuda {

/// What is computed of a convolution.
struct Conv2dOperation {
  ConvolutionDirection direction = ConvolutionDirection::forward;
  bool bias = false;        // of forward
  bool accumulate = false;  // of backward_filter
};

/// The buffers of a convolution's graph. Of a gradient, x, weight or y is where the gradient goes
/// or comes from.
enum Conv2dBuffer : int64_t { kX = 1, kWeight, kBias, kY };

/// What a plan may take beyond its buffers.
inline constexpr size_t kConv2dWorkspaceLimit = size_t{256} << 20;

/// The graph of an operation: x and y channels-last, weight row-major.
CudnnGraph conv2d_graph(const CudnnTarget& target, const Conv2dShape& shape,
                        const Conv2dOperation& operation);

/// Whether an engine's results are ours: the same bits on each run, sums in f32 or wider, and of
/// f32 no rounding of the inputs to a shorter type, unless `tf32` allows that one.
bool is_exact_enough(DType dtype, bool tf32, const NumericalNotes& notes);

/// An operation in one line, with all that the choice of its plan depends on.
std::string text_of(const Conv2dShape& shape, const Conv2dOperation& operation);

/// The plans that are exact enough and keep to the workspace limit, at most `most` of them, the one
/// that cuDNN expects to be the fastest first. Throws std::runtime_error where there is none.
std::vector<CudnnPlan> candidate_plans(const CudnnTarget& target, const Conv2dShape& shape,
                                       const Conv2dOperation& operation, size_t most);

/// The candidate of a name; none where no candidate is called so.
std::optional<CudnnPlan> plan_named(const CudnnTarget& target, const Conv2dShape& shape,
                                    const Conv2dOperation& operation, const std::string& name);

/// The plan that was told, else the fastest candidate where plans are timed, else the first; it
/// becomes the choice. Plans are not timed while the stream is captured. Throws std::runtime_error
/// where there is none.
CudnnPlan choose_plan(const CudnnTarget& target, const Conv2dShape& shape,
                      const Conv2dOperation& operation, PlanChoices& choices, Stream stream);

}  // namespace smtrain::cuda
