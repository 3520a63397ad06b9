// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/module.h"

#include <functional>
#include <memory>
#include <vector>

namespace smtrain::nn {

/// y = layers(x) + shortcut(x), or layers(x) + x without a shortcut (He et al., arXiv:1512.03385).
/// Children are named "layers" and "shortcut". A batch norm at the end of a Sequential of layers
/// adds the shortcut itself.
class Residual final : public Module {
 public:
  explicit Residual(ModulePtr layers, ModulePtr shortcut = nullptr);

  Tensor forward(const Tensor& x) override { return run(x, false); }
  std::string describe() const override { return "Residual"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

  /// With the ReLU that follows.
  Tensor forward_relu(const Tensor& x) { return run(x, true); }

 private:
  Tensor run(const Tensor& x, bool with_relu);

  ModulePtr layers_, shortcut_;
  std::vector<std::function<Tensor(const Tensor&)>> steps_;  // the layers, but for last_norm_
  std::shared_ptr<BatchNorm2d> last_norm_;                   // or null
};

}  // namespace smtrain::nn
