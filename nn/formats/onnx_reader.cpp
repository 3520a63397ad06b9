// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/formats/onnx_model.h"
#include "smtrain/nn/formats/onnx_weights.h"

#include <map>
#include <optional>
#include <utility>

namespace smtrain::nn {
namespace {

/// The tensors of a graph's model by their dotted names, without batch norm's counters, which ONNX
/// does not have.
StateDict weights_of(const Graph& graph) {
  StateDict weights;
  for (const Graph::Node& node : graph.nodes()) {
    const auto add = [&](const char* name, const Tensor& tensor) {
      const std::string full = dotted(node.name, name);
      if (tensor.defined() && weights.find(full) == nullptr) weights.add(full, tensor);
    };
    const auto add_pair = [&](const auto& operation) {
      add("weight", operation.weight);
      add("bias", operation.bias);
    };
    if (const auto* conv = std::get_if<graph::Conv2d>(&node.operation)) add_pair(*conv);
    if (const auto* linear = std::get_if<graph::Linear>(&node.operation)) add_pair(*linear);
    if (const auto* norm = std::get_if<graph::BatchNorm2d>(&node.operation)) {
      add_pair(*norm);
      add("running_mean", norm->running_mean);
      add("running_var", norm->running_var);
    }
  }
  return weights;
}

/// The model's weights under their own names; nothing when one is missing or of another shape.
std::optional<StateDict> take_by_name(const OnnxModel& file, const Graph& graph) {
  std::map<std::string_view, const OnnxTensor*> tensors;
  for (const OnnxTensor& tensor : file.initializers) tensors[tensor.name] = &tensor;
  constexpr std::string_view kRunningVar = ".running_var";
  StateDict result;
  for (const auto& [name, expected] : weights_of(graph)) {
    const auto tensor = tensors.find(name);
    if (tensor == tensors.end() || tensor->second->shape != expected.shape()) return std::nullopt;
    result.add(name, tensor->second->tensor());
    if (name.ends_with(kRunningVar)) {
      result.add(name.substr(0, name.size() - kRunningVar.size()) + ".num_batches_tracked",
                 zeros({}, {.dtype = DType::i64}, Device::cpu()));
    }
  }
  result.metadata() = file.metadata;
  return result;
}

}  // namespace

StateDict read_onnx(std::span<const uint8_t> bytes, const std::string& name) {
  OnnxModel file = parse_onnx(bytes, name);
  StateDict result;
  result.metadata() = std::move(file.metadata);
  for (const OnnxTensor& tensor : file.initializers)
    result.add(std::string(tensor.name), tensor.tensor());
  return result;
}

StateDict read_onnx(std::span<const uint8_t> bytes, const std::string& name, const Graph& graph) {
  const OnnxModel file = parse_onnx(bytes, name);
  auto weights = take_by_name(file, graph);
  return weights ? *std::move(weights) : match_onnx_weights(file, graph);
}

StateDict read_onnx(const std::filesystem::path& path) {
  const MappedFile file(path);
  return read_onnx(file.bytes(), path.string());
}

StateDict read_onnx(const std::filesystem::path& path, const Graph& graph) {
  const MappedFile file(path);
  return read_onnx(file.bytes(), path.string(), graph);
}

}  // namespace smtrain::nn
