// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/heads.h"

#include "smtrain/engine/ops/concat.h"
#include "smtrain/nn/graph.h"

namespace smtrain::nn {

Heads::Heads(const std::vector<NamedModule>& heads) {
  for (const auto& [name, head] : heads) register_child(name, head);
}

Tensor Heads::forward(const Tensor& x) {
  std::vector<Tensor> outputs;
  for (const auto& [name, head] : children()) {
    outputs.push_back((*head)(x));
    check(outputs.back().ndim() == 2, "Heads: head '", name, "' gives ", outputs.back().shape(),
          ", expected [N, classes]");
  }
  return concat(outputs, 1);
}

size_t Heads::trace(Graph& graph, const std::string& name, size_t x) const {
  std::vector<size_t> outputs;
  for (const auto& [head_name, head] : children())
    outputs.push_back(head->trace(graph, dotted(name, head_name), x));
  return graph.add(dotted(name, "concat"), graph::Concat{}, outputs);
}

}  // namespace smtrain::nn
