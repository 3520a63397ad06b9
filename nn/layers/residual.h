// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// y = layers(x) + shortcut(x), or layers(x) + x without a shortcut (He et al., arXiv:1512.03385).
/// Children are named "layers" and "shortcut".
class Residual final : public Module {
 public:
  explicit Residual(ModulePtr layers, ModulePtr shortcut = nullptr);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override { return "Residual"; }

 private:
  ModulePtr layers_, shortcut_;
};

}  // namespace smtrain::nn
