// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/residual.h"

#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/unary.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/layers/fuse.h"
#include "smtrain/nn/layers/sequential.h"

namespace smtrain::nn {

Residual::Residual(ModulePtr layers, ModulePtr shortcut)
    : layers_(register_child("layers", std::move(layers))) {
  if (shortcut != nullptr) shortcut_ = register_child("shortcut", std::move(shortcut));
  std::vector<NamedModule> inner;
  if (std::dynamic_pointer_cast<Sequential>(layers_)) inner = layers_->children();
  if (!inner.empty()) last_norm_ = std::dynamic_pointer_cast<BatchNorm2d>(inner.back().module);
  if (last_norm_ == nullptr) return;
  inner.pop_back();
  steps_ = fuse(inner);
}

Tensor Residual::run(const Tensor& x, bool with_relu) {
  Tensor y = x;
  if (last_norm_ == nullptr) y = (*layers_)(x);
  for (const auto& step : steps_) y = step(y);
  const Tensor skipped = shortcut_ != nullptr ? (*shortcut_)(x) : x;
  check(y.shape() == skipped.shape(), "Residual: layers give ", y.shape(), ", the shortcut ",
        skipped.shape());
  if (last_norm_ != nullptr) return last_norm_->forward(y, {.add = skipped, .relu = with_relu});
  return with_relu ? relu(y + skipped) : y + skipped;
}

size_t Residual::trace(Graph& graph, const std::string& name, size_t x) const {
  const size_t y = layers_->trace(graph, dotted(name, "layers"), x);
  const size_t skipped =
      shortcut_ != nullptr ? shortcut_->trace(graph, dotted(name, "shortcut"), x) : x;
  return graph.add(dotted(name, "add"), graph::Add{}, {y, skipped});
}

}  // namespace smtrain::nn
