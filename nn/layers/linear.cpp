// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/linear.h"

#include "smtrain/engine/ops/linear.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/init.h"

namespace smtrain::nn {

Linear::Linear(int64_t in_features, int64_t out_features, bool bias) {
  check(in_features >= 1 && out_features >= 1, "Linear: features must be at least 1, got ",
        in_features, " to ", out_features);
  weight_ =
      register_parameter("weight", default_parameter({out_features, in_features}, in_features));
  if (bias) bias_ = register_parameter("bias", default_parameter({out_features}, in_features));
}

Tensor Linear::forward(const Tensor& x) {
  return smtrain::linear(to_compute_dtype(x), weight(), bias());
}

std::string Linear::describe() const {
  return concat_text("Linear(", weight_.size(1), ", ", weight_.size(0),
                     bias_.defined() ? ")" : ", bias=False)");
}

size_t Linear::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(name, graph::Linear{weight_, bias_}, {x});
}

}  // namespace smtrain::nn
