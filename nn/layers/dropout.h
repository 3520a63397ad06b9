// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/dropout.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// In training sets each element to zero with probability p and multiplies the others by 1/(1-p);
/// in evaluation does nothing (Srivastava et al. 2014).
class Dropout final : public Module {
 public:
  explicit Dropout(double p = 0.5) : p_(p) {}

  Tensor forward(const Tensor& x) override { return training() ? smtrain::dropout(x, p_) : x; }
  std::string describe() const override { return concat_text("Dropout(p=", p_, ")"); }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::Dropout{p_, /*whole_channels=*/false}, {x});
  }

 private:
  double p_;
};

/// The same, deciding for whole channels of [N, C, H, W]; for [N, C] element by element.
class Dropout2d final : public Module {
 public:
  explicit Dropout2d(double p = 0.5) : p_(p) {}

  Tensor forward(const Tensor& x) override { return training() ? smtrain::dropout2d(x, p_) : x; }
  std::string describe() const override { return concat_text("Dropout2d(p=", p_, ")"); }
  size_t trace(Graph& graph, const std::string& name, size_t x) const override {
    return graph.add(name, graph::Dropout{p_, /*whole_channels=*/true}, {x});
  }

 private:
  double p_;
};

inline std::shared_ptr<Dropout> dropout(double p = 0.5) { return std::make_shared<Dropout>(p); }
inline std::shared_ptr<Dropout2d> dropout2d(double p = 0.5) {
  return std::make_shared<Dropout2d>(p);
}

}  // namespace smtrain::nn
