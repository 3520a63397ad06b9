// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"
#include "smtrain/kernels/cuda/cudnn_graph.h"

namespace smtrain::cuda {

/// What is computed of a convolution.
struct Conv2dOperation {
  ConvolutionDirection direction = ConvolutionDirection::forward;
  bool bias = false, relu = false;  // of forward
  bool accumulate = false;          // of backward_filter
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
/// f32 no rounding of the inputs to a shorter type.
bool is_exact_enough(DType dtype, const NumericalNotes& notes);

/// The best plan as far as cuDNN can tell without a run, of those that are exact enough and keep to
/// the workspace limit. Throws std::runtime_error where there is none.
CudnnPlan choose_plan(const CudnnTarget& target, const Conv2dShape& shape,
                      const Conv2dOperation& operation);

}  // namespace smtrain::cuda
