// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <memory>
#include <vector>

namespace smtrain::nn {

/// Several outputs of one input: each head gives [N, k], the result is all of them side by side,
/// [N, sum of k], in the order of the heads. Children have the heads' names.
class Heads final : public Module {
 public:
  explicit Heads(const std::vector<NamedModule>& heads);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override { return "Heads"; }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;
};

}  // namespace smtrain::nn
