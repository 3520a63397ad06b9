// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx_weights.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/onnx_match.h"

#include <cmath>
#include <string>

namespace smtrain::nn {
namespace {

/// Makes a model's tensors of what was found for its nodes.
class Weights {
 public:
  Weights(const OnnxModel& file, const Graph& graph)
      : file_(file), nodes_(graph.nodes()), found_(match_onnx(file, graph)) {}

  StateDict state_dict() const {
    StateDict result;
    result.metadata() = file_.metadata;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (result.find(dotted(nodes_[i].name, "weight")) != nullptr) continue;  // used before
      std::visit([&](const auto& operation) { add_tensors(i, operation, result); },
                 nodes_[i].operation);
    }
    return result;
  }

 private:
  [[noreturn]] void fail_for(size_t node, const Tensor& weight) const {
    bad_input(file_.file, ": has nothing for the model's ", graph::name_of(nodes_[node].operation),
              " '", nodes_[node].name, "' with a weight of shape ", weight.shape(),
              found_.unknown.empty()
                  ? ""
                  : "; the first of its operations that the model does not have there is ",
              found_.unknown);
  }

  void add_bias(size_t node, const Tensor& expected, StateDict& result) const {
    const auto& bias = found_.of_node[node].bias;
    const std::string name = dotted(nodes_[node].name, "bias");
    const int64_t given = bias ? bias->tensor->shape.numel() : 0;
    if (bias && (!expected.defined() || given != expected.numel())) {
      bad_input(file_.file, ": '", bias->tensor->name, "' of shape ", bias->tensor->shape,
                " would be ", name, ", expected ", expected.defined() ? expected.numel() : 0,
                " numbers");
    }
    if (expected.defined())
      result.add(name, bias ? bias->flat_copy()
                            : zeros(expected.shape(), {.dtype = DType::f32}, Device::cpu()));
  }

  template <typename Operation>
  void add_tensors(size_t, const Operation&, StateDict&) const {}

  template <typename Weighted>
  void add_weight_and_bias(size_t node, const Weighted& operation, StateDict& result) const {
    if (!found_.of_node[node].weight) fail_for(node, operation.weight);
    result.add(dotted(nodes_[node].name, "weight"), found_.of_node[node].weight->copy());
    add_bias(node, operation.bias, result);
  }

  void add_tensors(size_t node, const graph::Conv2d& conv, StateDict& result) const {
    add_weight_and_bias(node, conv, result);
  }

  void add_tensors(size_t node, const graph::Linear& linear, StateDict& result) const {
    add_weight_and_bias(node, linear, result);
  }

  void add_tensors(size_t node, const graph::BatchNorm2d& norm, StateDict& result) const {
    const OnnxMatch& found = found_.of_node[node];
    const std::string& name = nodes_[node].name;
    if (!found.weight && !found.is_folded) fail_for(node, norm.weight);
    const auto constant = [&](double value) {
      return full(norm.weight.shape(), value, {.dtype = DType::f32}, Device::cpu());
    };
    // Folded, x / sqrt(1 + eps) * weight + bias has to be x + bias.
    result.add(dotted(name, "weight"),
               found.is_folded ? constant(std::sqrt(1 + norm.eps)) : found.weight->copy());
    add_bias(node, norm.bias, result);
    result.add(dotted(name, "running_mean"),
               found.is_folded ? constant(0) : found.running_mean->copy());
    result.add(dotted(name, "running_var"),
               found.is_folded ? constant(1) : found.running_var->copy());
    result.add(dotted(name, "num_batches_tracked"),
               zeros({}, {.dtype = DType::i64}, Device::cpu()));
  }

  const OnnxModel& file_;
  const std::vector<Graph::Node>& nodes_;
  const OnnxMatches found_;
};

}  // namespace

StateDict match_onnx_weights(const OnnxModel& file, const Graph& graph) {
  return Weights(file, graph).state_dict();
}

}  // namespace smtrain::nn
