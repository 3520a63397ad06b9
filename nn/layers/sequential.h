// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

namespace smtrain::nn {

/// Modules one after the other, named "0", "1", ... Neighbours that fuse.h lists run as one
/// operation.
class Sequential final : public Module {
 public:
  explicit Sequential(std::vector<ModulePtr> layers);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override { return "Sequential"; }

 private:
  std::vector<std::function<Tensor(const Tensor&)>> steps_;
};

/// In braces, because only there C++ promises to make the layers, and so to draw their weights, in
/// the order in which they are written.
inline std::shared_ptr<Sequential> sequential(std::initializer_list<ModulePtr> layers) {
  return std::make_shared<Sequential>(std::vector<ModulePtr>(layers));
}

}  // namespace smtrain::nn
