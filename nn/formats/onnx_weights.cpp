// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx_weights.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace smtrain::nn {
namespace {

/// An initializer, or its transpose.
struct Weight {
  const OnnxTensor* tensor = nullptr;
  bool transposed = false;

  Weight transpose() const { return {tensor, !transposed}; }

  Shape shape() const {
    const Shape& shape = tensor->shape;
    return transposed ? Shape{shape[1], shape[0]} : shape;
  }

  Tensor copy() const {
    const Tensor copy = tensor->tensor();
    return transposed ? copy.view_of_storage(shape(), {1, tensor->shape[1]}, 0) : copy;
  }

  /// The same numbers as one row: a bias may come as [1, features].
  Tensor flat_copy() const {
    return tensor->tensor().view_of_storage({tensor->shape.numel()}, {1}, 0);
  }
};

/// What the file has for one of the model's nodes.
struct Found {
  std::optional<Weight> weight, bias, running_mean, running_var;
  bool is_folded = false;  // a batch norm, into the convolution before it
};

/// Follows a file's operations through a model's graph: each of the file's values that can be is
/// the result of one of the model's nodes.
class Matcher {
 public:
  Matcher(const OnnxModel& file, const Graph& graph)
      : file_(file), nodes_(graph.nodes()), found_(nodes_.size()) {
    for (const OnnxTensor& tensor : file.initializers) tensors_[tensor.name] = {&tensor};
    for (const std::string_view input : file.inputs)
      if (!tensors_.contains(input)) values_[input] = 0;
    for (const OnnxNode& node : file.nodes) {
      if (node.operation == "BatchNormalization" && !node.inputs.empty())
        normalized_.insert(node.inputs[0]);
    }
    for (size_t i = 0; i < nodes_.size(); ++i) add_user(i);
  }

  StateDict match() {
    for (const OnnxNode& node : file_.nodes) follow(node);
    StateDict result;
    result.metadata() = file_.metadata;
    for (size_t i = 0; i < nodes_.size(); ++i)
      std::visit([&](const auto& operation) { add_tensors(i, operation, result); },
                 nodes_[i].operation);
    return result;
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

  std::optional<Weight> weight(const OnnxNode& node, size_t input) const {
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
    } else if (unknown_ == nullptr && value(node, 0) && node.operation != "Shape") {
      unknown_ = &node;
    }
  }

  std::optional<Weight> follow_tensor(const OnnxNode& node) {
    if (node.operation == "Constant") {
      const auto attribute = find_attribute(file_, node, "value");
      if (!attribute || attribute->tensor.empty()) return std::nullopt;
      constants_.push_back(
          parse_onnx_tensor(attribute->tensor, file_.file + ": " + node.describe()));
      return Weight{&constants_.back()};
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

  [[noreturn]] void fail_for(size_t node, const Tensor& weight) const {
    std::string hint;
    if (unknown_ != nullptr) {
      hint = "; the first of its operations that the model does not have there is " +
             unknown_->describe();
      if (const auto tensor = this->weight(*unknown_, 1))
        hint += concat_text(" with a weight of shape ", tensor->tensor->shape);
    }
    bad_input(file_.file, ": has nothing for the model's ", graph::name_of(nodes_[node].operation),
              " '", nodes_[node].name, "' with a weight of shape ", weight.shape(), hint);
  }

  void add_bias(size_t node, const Tensor& expected, StateDict& result) const {
    const auto& bias = found_[node].bias;
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
    if (!found_[node].weight) fail_for(node, operation.weight);
    result.add(dotted(nodes_[node].name, "weight"), found_[node].weight->copy());
    add_bias(node, operation.bias, result);
  }

  void add_tensors(size_t node, const graph::Conv2d& conv, StateDict& result) const {
    add_weight_and_bias(node, conv, result);
  }

  void add_tensors(size_t node, const graph::Linear& linear, StateDict& result) const {
    add_weight_and_bias(node, linear, result);
  }

  void add_tensors(size_t node, const graph::BatchNorm2d& norm, StateDict& result) const {
    const Found& found = found_[node];
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

  // The model's nodes, and of each:
  const std::vector<Graph::Node>& nodes_;
  std::vector<size_t> result_of_;                // the node whose result it passes on, or itself
  std::vector<std::vector<size_t>> inputs_of_;   // such nodes, sorted
  std::map<size_t, std::vector<size_t>> users_;  // of its result, by the first of their inputs
  std::vector<Found> found_;

  // The file's values by their names.
  std::unordered_map<std::string_view, Weight> tensors_;
  std::unordered_map<std::string_view, size_t> values_;  // which node's result each is
  std::set<std::string_view> normalized_;                // what a BatchNormalization takes
  std::deque<OnnxTensor> constants_;
  const OnnxNode* unknown_ = nullptr;  // the first on a known value that makes no known one
};

}  // namespace

StateDict match_onnx_weights(const OnnxModel& file, const Graph& graph) {
  return Matcher(file, graph).match();
}

}  // namespace smtrain::nn
