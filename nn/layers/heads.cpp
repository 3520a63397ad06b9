// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/heads.h"

#include "smtrain/engine/ops/concat.h"

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

}  // namespace smtrain::nn
