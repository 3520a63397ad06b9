// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/inspect/layer_summary.h"

#include "smtrain/engine/autograd.h"

#include <map>
#include <span>
#include <string_view>

namespace smtrain::app {

std::vector<LayerSummary> summarize(nn::Module& model, const Shape& input) {
  std::map<const void*, std::string> names;  // of parameters, by where they lie
  for (const auto& [name, tensor] : model.named_parameters()) names[tensor.data()] = name;

  std::vector<LayerSummary> layers;
  const OperationObserver observer(
      [&](const char* operation, const Tensor& y, std::span<const Tensor> inputs) {
        if (std::string_view(operation) == "contiguous") return;  // another order in memory
        LayerSummary layer{.operation = operation, .module = {}, .output = y.shape()};
        for (const Tensor& tensor : inputs) {
          if (!tensor.defined()) continue;
          const auto name = names.find(tensor.data());
          if (name == names.end()) continue;
          layer.module = name->second.substr(0, name->second.rfind('.'));
          layer.parameters += tensor.numel();
        }
        layers.push_back(std::move(layer));
      });
  const nn::EvaluationGuard evaluation(model);
  Tensor image = zeros({1, input[0], input[1], input[2]}, {.format = MemoryFormat::channels_last});
  image.set_requires_grad(true);  // so that operations without parameters are seen too
  model(image);
  return layers;
}

}  // namespace smtrain::app
