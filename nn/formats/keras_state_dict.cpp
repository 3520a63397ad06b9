// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/formats/keras_config.h"
#include "smtrain/nn/formats/keras_layers.h"
#include "smtrain/nn/formats/keras_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace smtrain::nn {
namespace {

Shape kernel_shape(const Tensor& weight) {
  return {weight.size(2), weight.size(3), weight.size(1), weight.size(0)};
}

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class KerasFit {
 public:
  KerasFit(const KerasFile& file, const Graph& graph) : file_(file), graph_(graph) {
    if (!file.model_config.empty()) settings_ = keras_settings_of(file.model_config, file.name);
    kernels_.turned = file.backend == "theano";
    if (file.backend == "mxnet" && (settings_ ? settings_->channels_first : looks_like_mxnet())) {
      kernels_.out_in_first = true;
      kernels_.rows = {0, 1, 2};
    }
    if (settings_) {
      kernels_.rows = settings_->channels_first ? std::array{0, 1, 2} : std::array{1, 2, 0};
      auto& rows = kernels_.rows;
      if (settings_->flatten_transposes) rows = {rows[1], rows[2], rows[0]};
    }
  }

  StateDict state_dict() {
    const std::vector<const Graph::Node*> nodes = nodes_with_weights();
    const std::vector<const KerasFile::Layer*> layers = layers_with_weights();
    if (nodes.size() != layers.size()) {
      std::vector<std::string> wanted, given;
      for (const auto* node : nodes) wanted.push_back(node->name);
      for (const auto* layer : layers) given.push_back(layer->name);
      bad_input(file_.name, ": has ", given.size(), " layers with weights (", joined_names(given),
                "), the model has ", wanted.size(), " (", joined_names(wanted), ")");
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      node_ = nodes[i];
      layer_ = layers[i];
      std::visit([this](const auto& operation) { take(operation); }, node_->operation);
    }
    return std::move(result_);
  }

 private:
  std::vector<const Graph::Node*> nodes_with_weights() const {
    std::vector<const Graph::Node*> nodes;
    for (const KerasLayer& layer : keras_layers(graph_).layers) {
      if (layer.class_name == "Conv2D" || layer.class_name == "Dense" ||
          layer.class_name == "BatchNormalization") {
        nodes.push_back(&graph_.nodes()[layer.node]);
      }
    }
    return nodes;
  }

  std::vector<const KerasFile::Layer*> layers_with_weights() const {
    std::vector<const KerasFile::Layer*> layers;
    for (const auto& layer : file_.layers) {
      if (!layer.weights.empty()) layers.push_back(&layer);
    }
    return layers;
  }

  /// Whether the first kernel that can be told is [out, in, height, width] as the model's.
  bool looks_like_mxnet() const {
    const auto layers = layers_with_weights();
    const auto nodes = nodes_with_weights();
    for (size_t i = 0; i < std::min(layers.size(), nodes.size()); ++i) {
      const auto* conv = std::get_if<graph::Conv2d>(&nodes[i]->operation);
      if (conv == nullptr) continue;
      if (layers[i]->weights[0].tensor.shape() != kernel_shape(conv->weight)) return true;
    }
    return false;
  }

  void expect_weights(size_t count, const char* what) const {
    if (layer_->weights.size() == count) return;
    bad_input(file_.name, ": layer '", layer_->name, "' has ", layer_->weights.size(),
              " weights, the model's ", node_->name, " (", graph::name_of(node_->operation),
              ") has ", count, ": ", what);
  }

  const Tensor& weight(size_t index, const Shape& expected) const {
    const KerasFile::Weight& stored = layer_->weights[index];
    if (stored.tensor.shape() != expected || !is_floating(stored.tensor.dtype())) {
      bad_input(file_.name, ": layer '", layer_->name, "' has ", stored.name, " of shape ",
                stored.tensor.shape(), " and dtype ", stored.tensor.dtype(), ", the model's ",
                node_->name, " (", graph::name_of(node_->operation), ") wants floats of ",
                expected);
    }
    return stored.tensor;
  }

  void add(const char* name, Tensor tensor) { result_.add(dotted(node_->name, name), tensor); }

  void add_bias(const Tensor& bias) {
    if (bias.defined()) add("bias", weight(1, bias.shape()));
  }

  void take(const graph::Conv2d& conv) {
    expect_weights(conv.bias.defined() ? 2 : 1, conv.bias.defined() ? "kernel, bias" : "kernel");
    const Shape expected = kernels_.out_in_first ? conv.weight.shape() : kernel_shape(conv.weight);
    add("weight", from_keras_kernel(weight(0, expected), kernels_));
    add_bias(conv.bias);
  }

  void take(const graph::Linear& linear) {
    const bool has_bias = linear.bias.defined();
    expect_weights(has_bias ? 2 : 1, has_bias ? "kernel, bias" : "kernel");
    const Tensor& kernel = weight(0, {linear.weight.size(1), linear.weight.size(0)});
    add("weight", from_keras_dense(kernel, flattened_image(graph_, node_->inputs[0]), kernels_));
    add_bias(linear.bias);
  }

  void take(const graph::BatchNorm2d& norm) {
    expect_weights(4, "gamma, beta, moving_mean, moving_variance");
    if (settings_) {
      const auto epsilon = settings_->epsilons.find(layer_->name);
      if (epsilon != settings_->epsilons.end() &&
          std::abs(epsilon->second - norm.eps) > 1e-4 * norm.eps) {
        bad_input(file_.name, ": layer '", layer_->name, "' has epsilon ", epsilon->second,
                  ", the model's ", node_->name, " (BatchNorm2d) has ", norm.eps);
      }
    }
    const Shape features = norm.weight.shape();
    add("weight", weight(0, features));
    add("bias", weight(1, features));
    add("running_mean", weight(2, features));
    add("running_var", weight(3, features));
    add("num_batches_tracked", zeros({}, {.dtype = DType::i64}, Device::cpu()));
  }

  /// nodes_with_weights() has no others.
  template <typename Operation>
  void take(const Operation&) {}

  const KerasFile& file_;
  const Graph& graph_;
  std::optional<KerasSettings> settings_;
  KerasKernels kernels_;
  const Graph::Node* node_ = nullptr;  // the one whose weights are being taken
  const KerasFile::Layer* layer_ = nullptr;
  StateDict result_;
};

}  // namespace

StateDict keras_state_dict(const KerasFile& file, const Graph& graph) {
  return KerasFit(file, graph).state_dict();
}

}  // namespace smtrain::nn
