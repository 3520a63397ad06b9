// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/sequential.h"

#include "smtrain/nn/layers/fuse.h"

namespace smtrain::nn {

Sequential::Sequential(std::vector<ModulePtr> layers) {
  for (size_t i = 0; i < layers.size(); ++i) register_child(std::to_string(i), layers[i]);
  steps_ = fuse(children());
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& step : steps_) y = step(y);
  return y;
}

}  // namespace smtrain::nn
