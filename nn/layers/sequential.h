// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

namespace smtrain::nn {

/// Modules one after the other, named "0", "1", ... unless they are given names. Neighbours that
/// fuse.h lists run as one operation.
class Sequential : public Module {
 public:
  explicit Sequential(const std::vector<ModulePtr>& layers);
  explicit Sequential(const std::vector<NamedModule>& layers);

  Tensor forward(const Tensor& x) override;

  /// Puts another layer in the place of the one of that name. Throws std::invalid_argument where
  /// there is none.
  void replace(const std::string& name, ModulePtr layer);

  std::string describe() const override { return "Sequential"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

 private:
  std::vector<std::function<Tensor(const Tensor&)>> steps_;
};

/// In braces, because only there C++ promises to make the layers, and so to draw their weights, in
/// the order in which they are written.
inline std::shared_ptr<Sequential> sequential(std::initializer_list<ModulePtr> layers) {
  return std::make_shared<Sequential>(std::vector<ModulePtr>(layers));
}

}  // namespace smtrain::nn
