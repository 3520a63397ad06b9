// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx_match.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace smtrain::nn {
namespace {

class Matcher {
 public:
  Matcher(const OnnxModel& file, const Graph& graph)
      : file_(file), nodes_(graph.nodes()), found_(result_.of_node) {
    result_.of_node.resize(nodes_.size());
    for (const OnnxTensor& tensor : file.initializers) tensors_[tensor.name] = {&tensor};
    for (const std::string_view input : file.inputs)
      if (!tensors_.contains(input)) values_[input] = 0;
    for (const OnnxNode& node : file.nodes) {
      if (node.operation == "BatchNormalization" && !node.inputs.empty())
        normalized_.insert(node.inputs[0]);
    }
    for (size_t i = 0; i < nodes_.size(); ++i) add_user(i);
  }

  OnnxMatches match() {
    for (const OnnxNode& node : file_.nodes) follow(node);
    return std::move(result_);
  }

 private:
  /// Notes whose results the node takes. What does nothing in evaluation, or only arranges values
  /// anew, counts as the node before it.
  void add_user(size_t node) {
    std::vector<size_t> inputs;
    for (const size_t input : nodes_[node].inputs) inputs.push_back(result_of_[input]);
    std::sort(inputs.begin(), inputs.end());
    const graph::Operation& operation = nodes_[node].operation;
    const bool same = std::holds_alternative<graph::Dropout>(operation) ||
                      std::holds_alternative<graph::Flatten>(operation);
    result_of_.push_back(same ? inputs[0] : node);
    if (!same && !inputs.empty()) users_[inputs[0]].push_back(node);
    inputs_of_.push_back(std::move(inputs));
  }

  /// The model's node of a kind on those inputs, one that fits and for which nothing was found yet;
  /// among several, as heads can be, the one that the weight's name is of.
  template <typename Operation>
  std::optional<size_t> find(
      std::vector<size_t> inputs,
      const std::function<bool(const Operation&)>& fits = [](const Operation&) { return true; },
      std::string_view weight_name = "") const {
    std::sort(inputs.begin(), inputs.end());
    const auto users = users_.find(inputs[0]);
    if (users == users_.end()) return std::nullopt;
    std::optional<size_t> first;
    for (const size_t user : users->second) {
      const auto* operation = std::get_if<Operation>(&nodes_[user].operation);
      if (operation == nullptr || found_[user].weight || inputs_of_[user] != inputs ||
          !fits(*operation))
        continue;
      if (dotted(nodes_[user].name, "weight") == weight_name) return user;
      if (!first) first = user;
    }
    return first;
  }

  // An operation's input as a result of the model, or as an initializer.

  std::optional<size_t> value(const OnnxNode& node, size_t input) const {
    if (input >= node.inputs.size()) return std::nullopt;
    const auto found = values_.find(node.inputs[input]);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<OnnxWeight> weight(const OnnxNode& node, size_t input) const {
    if (input >= node.inputs.size()) return std::nullopt;
    const auto found = tensors_.find(node.inputs[input]);
    return found == tensors_.end() ? std::nullopt : std::optional(found->second);
  }

  // An operation's attributes, or what ONNX takes where there are none.

  int64_t integer(const OnnxNode& node, std::string_view name, int64_t otherwise) const {
    const auto attribute = find_attribute(file_, node, name);
    return attribute ? attribute->integer : otherwise;
  }

  double real(const OnnxNode& node, std::string_view name, double otherwise) const {
    const auto attribute = find_attribute(file_, node, name);
    return attribute ? attribute->real : otherwise;
  }

  std::vector<int64_t> integers(const OnnxNode& node, std::string_view name,
                                std::vector<int64_t> otherwise) const {
    const auto attribute = find_attribute(file_, node, name);
    return attribute ? attribute->integers : otherwise;
  }

  /// Notes what an operation's first output is: a result of the model, or an initializer in another
  /// form.
  void follow(const OnnxNode& node) {
    if (node.outputs.empty() || tensors_.contains(node.outputs[0])) return;
    if (const auto tensor = follow_tensor(node)) {
      tensors_[node.outputs[0]] = *tensor;
    } else if (const auto result = follow_value(node)) {
      values_[node.outputs[0]] = *result;
    } else if (result_.unknown.empty() && value(node, 0) && node.operation != "Shape") {
      result_.unknown = node.describe();
      if (const auto tensor = weight(node, 1))
        result_.unknown += concat_text(" with a weight of shape ", tensor->tensor->shape);
    }
  }

  std::optional<OnnxWeight> follow_tensor(const OnnxNode& node) {
    if (node.operation == "Constant") {
      const auto attribute = find_attribute(file_, node, "value");
      if (!attribute || attribute->tensor.empty()) return std::nullopt;
      result_.constants.push_back(
          parse_onnx_tensor(attribute->tensor, file_.file + ": " + node.describe()));
      return OnnxWeight{&result_.constants.back()};
    }
    const auto tensor = weight(node, 0);
    if (!tensor) return std::nullopt;
    if (node.operation == "Identity" || node.operation == "Cast") return tensor;
    if (node.operation == "Transpose" && tensor->tensor->shape.ndim() == 2 &&
        integers(node, "perm", {1, 0}) == std::vector<int64_t>{1, 0})
      return tensor->transpose();
    return std::nullopt;
  }

  std::optional<size_t> follow_value(const OnnxNode& node) {
    const std::string_view operation = node.operation;
    const auto x = value(node, 0);
    if (!x) return std::nullopt;
    if (operation == "Conv") return follow_conv(node, *x);
    if (operation == "Gemm" || operation == "MatMul") return follow_linear(node, *x);
    if (operation == "BatchNormalization") return follow_norm(node, *x);
    if (operation == "Add" && value(node, 1)) return find<graph::Add>({*x, *value(node, 1)});
    if (operation == "Add" || operation == "Sub" || operation == "Mul" || operation == "Div")
      return follow_constant(node, *x);
    if (operation == "Transpose") return *x == 0 ? x : std::nullopt;  // of pictures
    if (operation == "Identity" || operation == "Dropout" || operation == "Cast" ||
        operation == "Flatten" || operation == "Reshape" || operation == "Squeeze")
      return x;
    if (operation == "Relu") return find<graph::ReLU>({*x});
    if (operation == "MaxPool") return find<graph::MaxPool2d>({*x});
    if (operation == "AveragePool" || operation == "GlobalAveragePool" || operation == "ReduceMean")
      return follow_average(*x);
    if (operation == "LogSoftmax") return find<graph::LogSoftmax>({*x});
    if (operation == "Softmax") return find<graph::Softmax>({*x});
    if (operation == "Concat") return follow_concat(node);
    return std::nullopt;
  }

  std::optional<size_t> follow_conv(const OnnxNode& node, size_t x) {
    const auto kernel = weight(node, 1);
    if (!kernel) return std::nullopt;
    const auto fits = [&](const graph::Conv2d& conv) {
      const Conv2dOptions& o = conv.options;
      const std::vector<int64_t> padding = {o.padding.top, o.padding.left, o.padding.bottom,
                                            o.padding.right};
      const bool pads_itself = find_attribute(file_, node, "auto_pad").has_value();
      return conv.weight.shape() == kernel->shape() &&
             integers(node, "strides", {1, 1}) == std::vector{o.stride.height, o.stride.width} &&
             integers(node, "dilations", {1, 1}) ==
                 std::vector{o.dilation.height, o.dilation.width} &&
             integer(node, "group", 1) == o.groups &&
             integers(node, "pads", pads_itself ? padding : std::vector<int64_t>(4)) == padding;
    };
    const auto conv = find<graph::Conv2d>({x}, fits, kernel->tensor->name);
    if (!conv) return std::nullopt;
    found_[*conv] = {.weight = kernel, .bias = weight(node, 2)};
    const auto norm = find<graph::BatchNorm2d>({*conv});
    if (!norm || normalized_.contains(node.outputs[0])) return conv;
    found_[*norm] = {.bias = found_[*conv].bias, .is_folded = true};
    found_[*conv].bias.reset();
    return norm;
  }

  std::optional<size_t> follow_linear(const OnnxNode& node, size_t x) {
    const bool is_gemm = node.operation == "Gemm";
    auto matrix = weight(node, 1);
    if (!matrix || matrix->tensor->shape.ndim() != 2) return std::nullopt;
    if (is_gemm && (integer(node, "transA", 0) != 0 || real(node, "alpha", 1) != 1 ||
                    real(node, "beta", 1) != 1))
      return std::nullopt;
    if (!is_gemm || integer(node, "transB", 0) == 0) matrix = matrix->transpose();
    const auto fits = [&](const graph::Linear& linear) {
      return linear.weight.shape() == matrix->shape();
    };
    const auto linear = find<graph::Linear>({x}, fits, matrix->tensor->name);
    if (linear) found_[*linear] = {.weight = matrix, .bias = weight(node, 2)};
    return linear;
  }

  std::optional<size_t> follow_norm(const OnnxNode& node, size_t x) {
    const auto scale = weight(node, 1), bias = weight(node, 2);
    const auto mean = weight(node, 3), var = weight(node, 4);
    if (!scale || !bias || !mean || !var) return std::nullopt;
    const double eps = real(node, "epsilon", 1e-5);
    const auto norm = find<graph::BatchNorm2d>({x}, [&](const graph::BatchNorm2d& norm) {
      const Shape& shape = norm.weight.shape();
      return scale->shape() == shape && mean->shape() == shape && var->shape() == shape &&
             std::abs(eps - norm.eps) <= 1e-3 * norm.eps;
    });
    if (norm) found_[*norm] = {scale, bias, mean, var};
    return norm;
  }

  /// Arithmetic with a constant: of pictures, or the bias of a MatMul.
  std::optional<size_t> follow_constant(const OnnxNode& node, size_t x) {
    const auto constant = weight(node, 1);
    if (!constant) return std::nullopt;
    if (x == 0) return x;
    if (node.operation != "Add" || !std::holds_alternative<graph::Linear>(nodes_[x].operation) ||
        found_[x].bias)
      return std::nullopt;
    found_[x].bias = constant;
    return x;
  }

  std::optional<size_t> follow_average(size_t x) const {
    const auto adaptive = find<graph::AdaptiveAvgPool2d>({x});
    return adaptive ? adaptive : find<graph::AvgPool2d>({x});
  }

  std::optional<size_t> follow_concat(const OnnxNode& node) const {
    std::vector<size_t> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto input = value(node, i);
      if (!input) return std::nullopt;
      inputs.push_back(*input);
    }
    return find<graph::Concat>(inputs);
  }

  const OnnxModel& file_;
  OnnxMatches result_;

  // The model's nodes, and of each:
  const std::vector<Graph::Node>& nodes_;
  std::vector<size_t> result_of_;                // the node whose result it passes on, or itself
  std::vector<std::vector<size_t>> inputs_of_;   // such nodes, sorted
  std::map<size_t, std::vector<size_t>> users_;  // of its result, by the first of their inputs
  std::vector<OnnxMatch>& found_;

  // The file's values by their names.
  std::unordered_map<std::string_view, OnnxWeight> tensors_;
  std::unordered_map<std::string_view, size_t> values_;  // which node's result each is
  std::set<std::string_view> normalized_;                // what a BatchNormalization takes
};

}  // namespace

OnnxMatches match_onnx(const OnnxModel& file, const Graph& graph) {
  return Matcher(file, graph).match();
}

}  // namespace smtrain::nn
