// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/sequential.h"

#include "smtrain/nn/fuse.h"

namespace smtrain::nn {

Sequential::Sequential(std::vector<ModulePtr> layers) {
  for (size_t i = 0; i < layers.size(); ++i) register_child(std::to_string(i), layers[i]);
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  if (fused_.empty()) fused_ = fuse(children());
  for (const auto& step : fused_) y = step(y);
  return y;
}

}  // namespace smtrain::nn
