// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::app {

/// One operation of a model, as it runs: neighbours that are fused are one.
struct LayerSummary {
  std::string operation;   // "conv2d_relu_pool"
  std::string module;      // whose parameters it reads: "conv1"; empty when it reads none
  Shape output;            // for a batch of one
  int64_t parameters = 0;  // numbers in what it reads
};

/// The operations that one image of shape [C, H, W] goes through, in order, in evaluation;
/// without those that only lay numbers out differently in memory.
std::vector<LayerSummary> summarize(nn::Module& model, const Shape& input);

}  // namespace smtrain::app
