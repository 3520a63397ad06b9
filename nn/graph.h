// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/engine/ops/pool.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace smtrain::nn {

class Module;

/// A model as plain operations: what files that describe networks hold, and what there is to count.
/// Tensors are the model's own.
namespace graph {

struct Input {};
struct Conv2d {
  Conv2dOptions options;
  Tensor weight, bias;  // bias is undefined for none
};
struct Linear {
  Tensor weight, bias;  // likewise
};
struct BatchNorm2d {
  Tensor weight, bias, running_mean, running_var;
  double eps, momentum;
};
struct MaxPool2d {
  MaxPool2dOptions options;
};
struct AvgPool2d {
  AvgPool2dOptions options;
};
struct AdaptiveAvgPool2d {
  Size2d output_size;
};
struct ReLU {};
struct Dropout {
  double p;
  bool whole_channels;
};
struct Flatten {};
struct LogSoftmax {};
struct Softmax {};
struct Add {};     // of two inputs
struct Concat {};  // of features, [N, k] each

using Operation =
    std::variant<Input, Conv2d, Linear, BatchNorm2d, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, ReLU,
                 Dropout, Flatten, LogSoftmax, Softmax, Add, Concat>;

/// What a message or a table calls an operation: "Conv2d".
const char* name_of(const Operation& operation);

}  // namespace graph

/// Operations in an order in which each comes after those whose results it takes.
class Graph {
 public:
  struct Node {
    std::string name;  // of the module, dotted: "layer1.0.conv1"; "input" of the input
    graph::Operation operation;
    std::vector<size_t> inputs;  // earlier nodes
    Shape output;                // without the batch: [C, H, W] or [features]
  };

  /// With the input, [C, H, W], as its first node.
  explicit Graph(const Shape& input);

  /// Adds a node and gives its index. Throws std::invalid_argument where the operation does not
  /// take inputs of those shapes.
  size_t add(std::string name, graph::Operation operation, std::vector<size_t> inputs);

  /// The last one is the model's result.
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

/// The name of a module's child: "layer1" and "0" give "layer1.0"; the model's own name is empty.
std::string dotted(const std::string& name, const std::string& child);

/// The graph of a model for images of shape [C, H, W]. Throws std::invalid_argument naming a module
/// that does not say what it computes.
Graph trace(const Module& model, const Shape& input);

/// Numbers that a node learns.
int64_t parameters(const Graph::Node& node);

/// Multiplications and additions of an image's way through a node; comparisons, and what a format
/// of numbers does by itself, do not count.
int64_t flops(const Graph& graph, const Graph::Node& node);

}  // namespace smtrain::nn
