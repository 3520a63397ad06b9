// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/keras_layers.h"

#include <algorithm>

namespace smtrain::nn {
namespace {

bool is_none(const Padding2d& p) {
  return p.top == 0 && p.bottom == 0 && p.left == 0 && p.right == 0;
}

/// Whether no result of a node can be below 0, so that zeros around it never are the largest.
bool is_never_negative(const Graph& graph, size_t index) {
  const Graph::Node& node = graph.nodes()[index];
  const auto all_inputs = [&] {
    return std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](size_t input) { return is_never_negative(graph, input); });
  };
  struct Answer {
    const decltype(all_inputs)& inputs;
    bool operator()(const graph::ReLU&) const { return true; }
    bool operator()(const graph::Softmax&) const { return true; }
    bool operator()(const graph::MaxPool2d&) const { return inputs(); }
    bool operator()(const graph::AvgPool2d&) const { return inputs(); }
    bool operator()(const graph::AdaptiveAvgPool2d&) const { return inputs(); }
    bool operator()(const graph::Dropout&) const { return inputs(); }
    bool operator()(const graph::Flatten&) const { return inputs(); }
    bool operator()(const graph::Add&) const { return inputs(); }
    bool operator()(const graph::Concat&) const { return inputs(); }
    bool operator()(const graph::Input&) const { return false; }
    bool operator()(const graph::Conv2d&) const { return false; }
    bool operator()(const graph::Linear&) const { return false; }
    bool operator()(const graph::BatchNorm2d&) const { return false; }
    bool operator()(const graph::LogSoftmax&) const { return false; }
  };
  return std::visit(Answer{all_inputs}, node.operation);
}

/// Checks the nodes of a graph one by one.
class KerasCheck {
 public:
  explicit KerasCheck(const Graph& graph) : graph_(graph), layers_(keras_layers(graph)) {}

  void run() {
    for (node_ = 0; node_ < graph_.nodes().size(); ++node_) {
      std::visit([this](const auto& operation) { expect(operation); }, node().operation);
    }
    const auto pixels = flattened_image(graph_, graph_.nodes().size() - 1);
    require(!pixels || graph_.nodes().back().output.ndim() == 3, graph_.nodes().back(),
            "gives the pixels of an image as features, which Keras has in another order");
  }

 private:
  const Graph::Node& node() const { return graph_.nodes()[node_]; }
  const Graph::Node& input() const { return graph_.nodes()[node().inputs[0]]; }

  template <typename... Parts>
  static void require(bool condition, const Graph::Node& node, const Parts&... parts) {
    check(condition, "write_keras: ", node.name, " (", graph::name_of(node.operation), ") ",
          parts...);
  }
  template <typename... Parts>
  void require(bool condition, const Parts&... parts) const {
    require(condition, node(), parts...);
  }

  /// Whether the node's layer has Keras' padding "same".
  bool is_same() const {
    return std::any_of(layers_.layers.begin(), layers_.layers.end(), [&](const KerasLayer& layer) {
      return layer.node == node_ && layer.same_padding;
    });
  }

  template <typename Operation>
  void expect(const Operation&) const {}

  void expect(const graph::Conv2d& conv) const {
    require(conv.options.groups == 1, "has ", conv.options.groups,
            " groups; Keras 2 has convolutions of one");
    require(conv.options.stride == Size2d(1) || conv.options.dilation == Size2d(1), "has stride ",
            conv.options.stride, " and dilation ", conv.options.dilation,
            "; Keras wants one of them to be 1x1");
  }
  void expect(const graph::Linear&) const {
    require(input().output.ndim() == 1, "takes ", input().output, "; expected features");
    flattened_image(graph_, node().inputs[0]);
  }
  void expect(const graph::MaxPool2d& pool) const {
    const auto& o = pool.options;
    require(o.dilation == Size2d(1), "has dilation ", o.dilation, ", which Keras has no layer for");
    expect_whole_windows(o.ceil_mode, o.kernel_size, o.stride, o.padding);
    require(is_none(o.padding) || is_same() || is_never_negative(graph_, node().inputs[0]),
            "pads with the lowest number, Keras with zeros, and its input can be negative");
  }
  void expect(const graph::AvgPool2d& pool) const {
    const auto& o = pool.options;
    require(o.divisor_override == 0, "divides by ", o.divisor_override,
            ", which Keras has no layer for");
    expect_whole_windows(o.ceil_mode, o.kernel_size, o.stride, o.padding);
    require(is_none(o.padding) || o.count_include_pad || is_same(),
            "does not count its zeros, which Keras has no layer for unless its padding is 'same'");
  }
  void expect(const graph::AdaptiveAvgPool2d& pool) const {
    require(pool.output_size == Size2d(1), "gives ", pool.output_size,
            " averages; Keras has a layer for 1x1");
  }
  void expect(const graph::Softmax&) const {
    require(node().output.ndim() == 1, "takes ", node().output, "; expected features");
  }
  void expect(const graph::LogSoftmax&) const {
    require(node_ + 1 == graph_.nodes().size() && node().output.ndim() == 1,
            "is not what the model ends in; Keras has softmax only, which is written in its place "
            "there");
  }

  /// ceil_mode is no matter where no window reaches beyond the padding.
  void expect_whole_windows(bool ceil_mode, Size2d kernel, Size2d stride, Size2d padding) const {
    if (stride == Size2d(0)) stride = kernel;
    const Shape& x = input().output;
    require(!ceil_mode || ((x[1] + 2 * padding.height - kernel.height) % stride.height == 0 &&
                           (x[2] + 2 * padding.width - kernel.width) % stride.width == 0),
            "has windows beyond its input (ceil_mode), which Keras has no layer for");
  }

  const Graph& graph_;
  const KerasLayers layers_;
  size_t node_ = 0;  // the one being checked
};

}  // namespace

void check_keras_has(const Graph& graph) { KerasCheck(graph).run(); }

std::optional<Shape> flattened_image(const Graph& graph, size_t index) {
  const Graph::Node& node = graph.nodes()[index];
  if (node.output.ndim() != 1 || std::holds_alternative<graph::Linear>(node.operation)) {
    return std::nullopt;
  }
  const auto first = node.inputs[0];
  if (std::holds_alternative<graph::Flatten>(node.operation)) {
    const Shape& image = graph.nodes()[first].output;
    if (image.ndim() == 3) {
      const bool has_order = image[0] != 1 && image[1] * image[2] != 1;
      return has_order ? std::optional(image) : std::nullopt;
    }
  }
  const auto pixels = flattened_image(graph, first);
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    check(flattened_image(graph, node.inputs[i]) == pixels, node.name, " (",
          graph::name_of(node.operation), ") mixes the pixels of an image with other features");
  }
  check(!pixels || !std::holds_alternative<graph::Concat>(node.operation), node.name,
        " (Concat) takes the pixels of an image, which Keras has in another order");
  return pixels;
}

}  // namespace smtrain::nn
