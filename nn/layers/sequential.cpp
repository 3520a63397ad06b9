// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/sequential.h"

#include "smtrain/nn/graph.h"
#include "smtrain/nn/layers/fuse.h"

namespace smtrain::nn {
namespace {

std::vector<Module::NamedModule> numbered(const std::vector<ModulePtr>& layers) {
  std::vector<Module::NamedModule> named;
  for (const ModulePtr& layer : layers) named.push_back({std::to_string(named.size()), layer});
  return named;
}

}  // namespace

Sequential::Sequential(const std::vector<ModulePtr>& layers) : Sequential(numbered(layers)) {}

Sequential::Sequential(const std::vector<NamedModule>& layers) {
  for (const auto& [name, layer] : layers) register_child(name, layer);
  steps_ = fuse(children());
}

void Sequential::replace(const std::string& name, ModulePtr layer) {
  replace_child(name, std::move(layer));
  steps_ = fuse(children());
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& step : steps_) y = step(y);
  return y;
}

size_t Sequential::trace(Graph& graph, const std::string& name, size_t x) const {
  for (const auto& [child_name, child] : children())
    x = child->trace(graph, dotted(name, child_name), x);
  return x;
}

}  // namespace smtrain::nn
