// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// [N, ...] to [N, product of the rest], in logical (row-major) order whatever the memory format.
class Flatten final : public Module {
 public:
  Tensor forward(const Tensor& x) override { return smtrain::flatten(x, 1); }
  std::string describe() const override { return "Flatten()"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::Flatten{}, {x});
  }
};

inline std::shared_ptr<Flatten> flatten() { return std::make_shared<Flatten>(); }

}  // namespace smtrain::nn
