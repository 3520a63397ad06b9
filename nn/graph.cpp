// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/graph.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/nn/module.h"

#include <iterator>
#include <utility>

namespace smtrain::nn {

namespace graph {

const char* name_of(const Operation& operation) {
  constexpr const char* kNames[] = {
      "Input", "Conv2d",  "Linear",  "BatchNorm2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d",
      "ReLU",  "Dropout", "Flatten", "LogSoftmax",  "Softmax",   "Add",       "Concat"};
  static_assert(std::size(kNames) == std::variant_size_v<Operation>);
  return kNames[operation.index()];
}

}  // namespace graph

namespace {

using Shapes = std::vector<Shape>;

/// A batch without images: operations say what they would make of it, and compute nothing.
Tensor no_images(const Shape& image, DType dtype, Device device) {
  Shape batch = image;
  batch.insert(0, 0);
  return empty(batch, {.dtype = dtype}, device);
}

/// The shape of a batch's results, without the batch.
Shape without_batch(Shape shape) {
  shape.erase(0);
  return shape;
}

Shape result(const graph::Conv2d& conv, const Shapes& x) {
  const Tensor& weight = conv.weight;
  return without_batch(
      conv2d(no_images(x[0], weight.dtype(), weight.device()), weight, conv.bias, conv.options)
          .shape());
}

Shape result(const graph::Linear& linear, const Shapes& x) {
  const Tensor& weight = linear.weight;
  return without_batch(
      smtrain::linear(no_images(x[0], weight.dtype(), weight.device()), weight, linear.bias)
          .shape());
}

Shape result(const graph::BatchNorm2d& norm, const Shapes& x) {
  check(x[0].ndim() == 3 && x[0][0] == norm.weight.size(0), "BatchNorm2d: expected [",
        norm.weight.size(0), ", H, W], got ", x[0]);
  return x[0];
}

Shape result(const graph::MaxPool2d& pool, const Shapes& x) {
  return without_batch(
      max_pool2d(no_images(x[0], DType::f32, Device::cpu()), pool.options).shape());
}

Shape result(const graph::AvgPool2d& pool, const Shapes& x) {
  return without_batch(
      avg_pool2d(no_images(x[0], DType::f32, Device::cpu()), pool.options).shape());
}

Shape result(const graph::AdaptiveAvgPool2d& pool, const Shapes& x) {
  return without_batch(
      adaptive_avg_pool2d(no_images(x[0], DType::f32, Device::cpu()), pool.output_size).shape());
}

Shape result(const graph::Flatten&, const Shapes& x) { return {x[0].numel()}; }

Shape result(const graph::Add&, const Shapes& x) {
  check(x.size() == 2 && x[0] == x[1], "Add: expected two inputs of one shape, got ", x[0], " and ",
        x.back());
  return x[0];
}

Shape result(const graph::Concat&, const Shapes& x) {
  int64_t features = 0;
  for (const Shape& shape : x) {
    check(shape.ndim() == 1, "Concat: expected features, got ", shape);
    features += shape[0];
  }
  return {features};
}

/// Of what works on each number.
template <typename Operation>
Shape result(const Operation&, const Shapes& x) {
  return x[0];
}

}  // namespace

Graph::Graph(const Shape& input) {
  check(input.ndim() == 3, "Graph: expected an input [C, H, W], got ", input);
  nodes_.push_back({.name = "input", .operation = graph::Input{}, .inputs = {}, .output = input});
}

size_t Graph::add(std::string name, graph::Operation operation, std::vector<size_t> inputs) {
  Shapes shapes;
  for (const size_t input : inputs) shapes.push_back(nodes_.at(input).output);
  const NoGradGuard no_grad;
  Shape output = std::visit([&](const auto& o) { return result(o, shapes); }, operation);
  nodes_.push_back({std::move(name), std::move(operation), std::move(inputs), std::move(output)});
  return nodes_.size() - 1;
}

std::string dotted(const std::string& name, const std::string& child) {
  return name.empty() ? child : name + "." + child;
}

Graph trace(const Module& model, const Shape& input) {
  Graph graph(input);
  model.trace(graph, "", 0);
  return graph;
}

int64_t parameters(const Graph::Node& node) {
  return std::visit(
      [](const auto& operation) -> int64_t {
        if constexpr (requires { operation.weight; })
          return operation.weight.numel() + (operation.bias.defined() ? operation.bias.numel() : 0);
        return 0;
      },
      node.operation);
}

int64_t flops(const Graph& graph, const Graph::Node& node) {
  const auto products = [&](const Tensor& weight, const Tensor& bias) {
    const int64_t each = 2 * weight.numel() / weight.size(0);
    return node.output.numel() * (each + (bias.defined() ? 1 : 0));
  };
  if (const auto* conv = std::get_if<graph::Conv2d>(&node.operation))
    return products(conv->weight, conv->bias);
  if (const auto* linear = std::get_if<graph::Linear>(&node.operation))
    return products(linear->weight, linear->bias);
  if (std::holds_alternative<graph::BatchNorm2d>(node.operation)) return 2 * node.output.numel();
  if (std::holds_alternative<graph::Add>(node.operation)) return node.output.numel();
  if (std::holds_alternative<graph::AvgPool2d>(node.operation) ||
      std::holds_alternative<graph::AdaptiveAvgPool2d>(node.operation))
    return graph.nodes()[node.inputs[0]].output.numel();
  return 0;
}

}  // namespace smtrain::nn
