// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/keras_layers.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <map>
#include <utility>

namespace smtrain::nn {
namespace {

/// What Keras calls the layers of a class, before their number.
std::string_view stem_of(std::string_view class_name) {
  constexpr std::pair<std::string_view, std::string_view> kStems[] = {
      {"Activation", "activation"},
      {"Add", "add"},
      {"AveragePooling2D", "average_pooling2d"},
      {"BatchNormalization", "batch_normalization"},
      {"Concatenate", "concatenate"},
      {"Conv2D", "conv2d"},
      {"Dense", "dense"},
      {"Dropout", "dropout"},
      {"Flatten", "flatten"},
      {"GlobalAveragePooling2D", "global_average_pooling2d"},
      {"InputLayer", "input"},
      {"MaxPooling2D", "max_pooling2d"},
      {"SpatialDropout2D", "spatial_dropout2d"},
      {"ZeroPadding2D", "zero_padding2d"},
  };
  return std::find_if(std::begin(kStems), std::end(kStems),
                      [&](const auto& entry) { return entry.first == class_name; })
      ->second;
}

/// What Keras' "same" pads: as many zeros as give ceil(size / stride) results, an odd one at the
/// end.
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride,
                                         int64_t dilation) {
  const int64_t results = (size + stride - 1) / stride;
  const int64_t zeros =
      std::max<int64_t>(0, (results - 1) * stride + dilation * (kernel - 1) + 1 - size);
  return {zeros / 2, zeros - zeros / 2};
}

bool is_none(const Padding2d& p) {
  return p.top == 0 && p.bottom == 0 && p.left == 0 && p.right == 0;
}

class KerasBuilder {
 public:
  explicit KerasBuilder(const Graph& graph)
      : graph_(graph), consumers_(graph.nodes().size()), layer_of_(graph.nodes().size()) {
    for (const auto& node : graph.nodes()) {
      for (const size_t input : node.inputs) ++consumers_[input];
    }
    for (node_ = 0; node_ < graph.nodes().size(); ++node_) {
      std::visit([this](const auto& operation) { build(operation); }, node().operation);
    }
  }

  KerasLayers layers() && {
    const size_t output = layer_of_.back();
    bool is_sequential = output + 1 == layers_.size();
    for (size_t i = 1; i < layers_.size(); ++i) {
      is_sequential = is_sequential && layers_[i].inputs == std::vector<size_t>{i - 1};
    }
    if (is_sequential && layers_.size() > 1) layers_[0].name = layers_[1].name + "_input";
    return {std::move(layers_), is_sequential, output};
  }

 private:
  const Graph::Node& node() const { return graph_.nodes()[node_]; }
  const Shape& input_shape() const { return graph_.nodes()[node().inputs[0]].output; }

  /// Appends a layer that takes the results of the node's inputs, and makes it the node's.
  KerasLayer& add(std::string class_name) {
    KerasLayer layer{.class_name = std::move(class_name), .name = {}, .node = node_, .inputs = {}};
    for (const size_t input : node().inputs) layer.inputs.push_back(layer_of_[input]);
    const std::string_view stem = stem_of(layer.class_name);
    layer.name = concat_text(stem, "_", ++counts_[stem]);
    layer_of_[node_] = layers_.size();
    layers_.push_back(std::move(layer));
    return layers_.back();
  }

  /// The same for what slides windows over padded images. Keras' padding "same" is used where
  /// `may_be_same`, and where it is that padding.
  void add_windows(std::string class_name, Size2d kernel, Size2d stride, Size2d dilation,
                   const Padding2d& padding, bool may_be_same = true) {
    const Shape& x = input_shape();
    if (stride == Size2d(0)) stride = kernel;
    const bool same = may_be_same &&
                      same_padding(x[1], kernel.height, stride.height, dilation.height) ==
                          std::pair(padding.top, padding.bottom) &&
                      same_padding(x[2], kernel.width, stride.width, dilation.width) ==
                          std::pair(padding.left, padding.right);
    if (is_none(padding)) {
      add(std::move(class_name));
    } else if (same) {
      add(std::move(class_name)).same_padding = true;
    } else {
      add("ZeroPadding2D").zeros = padding;
      const size_t zeros = layer_of_[node_];
      add(std::move(class_name)).inputs = {zeros};
    }
  }

  void build(const graph::Input&) { add("InputLayer"); }
  void build(const graph::Conv2d& conv) {
    add_windows("Conv2D", {conv.weight.size(2), conv.weight.size(3)}, conv.options.stride,
                conv.options.dilation, conv.options.padding);
  }
  void build(const graph::Linear&) { add("Dense"); }
  void build(const graph::BatchNorm2d&) { add("BatchNormalization"); }
  void build(const graph::MaxPool2d& pool) {
    add_windows("MaxPooling2D", pool.options.kernel_size, pool.options.stride,
                pool.options.dilation, pool.options.padding);
  }
  void build(const graph::AvgPool2d& pool) {
    // "same" averages over pixels alone, ZeroPadding2D over its zeros as well.
    add_windows("AveragePooling2D", pool.options.kernel_size, pool.options.stride, 1,
                pool.options.padding, !pool.options.count_include_pad);
  }
  void build(const graph::AdaptiveAvgPool2d&) {
    bool only_flattened = true;
    for (const auto& consumer : graph_.nodes()) {
      const auto& inputs = consumer.inputs;
      only_flattened &= std::find(inputs.begin(), inputs.end(), node_) == inputs.end() ||
                        std::holds_alternative<graph::Flatten>(consumer.operation);
    }
    add(only_flattened && consumers_[node_] != 0 ? "GlobalAveragePooling2D" : "AveragePooling2D");
  }
  void build(const graph::ReLU&) { activate("relu"); }
  void build(const graph::Dropout& dropout) {
    add(dropout.whole_channels && node().output.ndim() == 3 ? "SpatialDropout2D" : "Dropout");
  }
  void build(const graph::Flatten&) {
    const size_t input = layer_of_[node().inputs[0]];
    if (layers_[input].class_name == "GlobalAveragePooling2D" || input_shape().ndim() == 1) {
      layer_of_[node_] = input;
    } else {
      add("Flatten");
    }
  }
  void build(const graph::LogSoftmax&) { activate("softmax"); }
  void build(const graph::Softmax&) { activate("softmax"); }
  void build(const graph::Add&) { add("Add"); }
  void build(const graph::Concat&) { add("Concatenate"); }

  void activate(const char* activation) {
    const size_t input = node().inputs[0];
    KerasLayer& layer = layers_[layer_of_[input]];
    const bool has_activation = layer.class_name == "Conv2D" || layer.class_name == "Dense";
    if (has_activation && layer.activation == "linear" && consumers_[input] == 1) {
      layer.activation = activation;
      layer_of_[node_] = layer_of_[input];
    } else {
      add("Activation").activation = activation;
    }
  }

  const Graph& graph_;
  size_t node_ = 0;                // the one being built
  std::vector<size_t> consumers_;  // how many take a node's result
  std::vector<size_t> layer_of_;   // the layer that gives a node's result
  std::vector<KerasLayer> layers_;
  std::map<std::string_view, int> counts_;
};

/// The order in which Keras lists the layers of a model that is not Sequential: by their distance
/// from the output, the farthest first; at one distance as they are met on the way from the output
/// to the inputs, depth first (keras/engine/network.py, _map_graph_network).
std::vector<size_t> listed_order(const KerasLayers& model) {
  const auto& layers = model.layers;
  std::vector<size_t> met(layers.size()), distance(layers.size());
  std::vector<size_t> order, open = {model.output};
  std::vector<bool> seen(layers.size());
  while (!open.empty()) {
    const size_t layer = open.back();
    open.pop_back();
    if (seen[layer]) continue;
    seen[layer] = true;
    met[layer] = order.size();
    order.push_back(layer);
    const auto& inputs = layers[layer].inputs;
    open.insert(open.end(), inputs.rbegin(), inputs.rend());
  }
  for (size_t layer = layers.size(); layer-- > 0;) {  // consumers come after their inputs
    for (const size_t input : layers[layer].inputs) {
      distance[input] = std::max(distance[input], distance[layer] + 1);
    }
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(distance[b], met[a]) < std::pair(distance[a], met[b]);
  });
  return order;
}

}  // namespace

KerasLayers keras_layers(const Graph& graph) {
  KerasLayers model = KerasBuilder(graph).layers();
  if (model.is_sequential) return model;
  const std::vector<size_t> order = listed_order(model);
  std::vector<size_t> place(model.layers.size());
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  KerasLayers listed{{}, false, place[model.output]};
  for (const size_t layer : order) {
    listed.layers.push_back(std::move(model.layers[layer]));
    for (size_t& input : listed.layers.back().inputs) input = place[input];
  }
  return listed;
}

}  // namespace smtrain::nn
