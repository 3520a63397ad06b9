// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/compute_copy.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// y = x weightᵀ + bias.
///
///   x       [..., in_features]
///   weight  [out_features, in_features]
///   bias    [out_features], unless bias is false
///   result  [..., out_features]
///
/// Starts as PyTorch's does: both uniform in ±1/sqrt(in_features), drawn from the current context's
/// generator.
class Linear final : public Module {
 public:
  Linear(int64_t in_features, int64_t out_features, bool bias = true);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

  // What it computes with, in the current context's precision (compute_copy.h).
  Tensor weight() const { return compute_copy(weight_); }
  Tensor bias() const { return compute_copy(bias_); }  // undefined without one

 private:
  Tensor weight_, bias_;
};

inline std::shared_ptr<Linear> linear(int64_t in_features, int64_t out_features, bool bias = true) {
  return std::make_shared<Linear>(in_features, out_features, bias);
}

}  // namespace smtrain::nn
