// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/cudnn_plan.h"
#include "smtrain/kernels/stream.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace smtrain::cuda {

/// A buffer that plans of one graph take.
struct BufferSize {
  int64_t uid;
  size_t bytes;
};

struct FastestPlan {
  size_t index;
  float milliseconds;  // of one run
};

/// Runs plans of one graph on a stream, which is not captured, in memory of their own, and tells
/// the fastest. Waits for the stream. None where there is no memory to run them in, or none runs.
std::optional<FastestPlan> fastest_plan(std::span<const CudnnPlan> plans,
                                        std::span<const BufferSize> buffers, Stream stream);

}  // namespace smtrain::cuda
