// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_writer.h"
#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/formats/keras_config.h"
#include "smtrain/nn/formats/keras_layers.h"
#include "smtrain/nn/formats/keras_weights.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace smtrain::nn {
namespace {

constexpr const char* kKerasVersion = "2.2.4";
// Not which program writes: Keras turns the kernels of other backends than its own.
constexpr const char* kBackend = "tensorflow";
constexpr size_t kMaxNames = 64'512;  // bytes of an attribute: more names go into several

std::string training_config(const KerasTraining& training) {
  using Json = nlohmann::ordered_json;
  const bool keras3 = training.version == KerasTraining::Version::keras3;
  Json config = Json::object();
  if (keras3) config["name"] = "SGD";
  config[keras3 ? "learning_rate" : "lr"] = training.lr;
  config["momentum"] = training.momentum;
  if (!keras3) config["decay"] = 0.0;
  config["nesterov"] = training.nesterov;
  return Json{{"optimizer_config", {{"class_name", "SGD"}, {"config", config}}},
              {"loss", "categorical_crossentropy"},
              {"metrics", Json::array({"accuracy"})},
              {"sample_weight_mode", nullptr},
              {"loss_weights", nullptr}}
      .dump();
}

/// One attribute, or several called name0, name1, ... where one can't hold the texts.
void set_names(Hdf5Tree& group, const std::string& name, const std::vector<std::string>& names) {
  size_t longest = 1;
  for (const std::string& text : names) longest = std::max(longest, text.size());
  const size_t each = std::max<size_t>(1, kMaxNames / longest);
  if (names.size() <= each) return group.set(name, names);
  for (size_t i = 0; i * each < names.size(); ++i) {
    const auto first = names.begin() + static_cast<ptrdiff_t>(i * each);
    const size_t count = std::min(each, names.size() - i * each);
    group.set(name + std::to_string(i),
              std::vector<std::string>(first, first + static_cast<ptrdiff_t>(count)));
  }
}

using Weights = std::vector<std::pair<std::string, Tensor>>;

void add_bias(Weights& weights, const Tensor& bias) {
  if (bias.defined()) weights.emplace_back("bias:0", to_host_row_major(bias, DType::f32));
}

/// The weights of a layer in Keras' order and layouts.
Weights weights_of(const Graph& graph, const KerasLayer& layer) {
  Weights weights;
  const Graph::Node& node = graph.nodes()[layer.node];
  if (layer.class_name == "Conv2D") {
    const auto& conv = std::get<graph::Conv2d>(node.operation);
    weights.emplace_back("kernel:0", to_keras_kernel(conv.weight));
    add_bias(weights, conv.bias);
  } else if (layer.class_name == "Dense") {
    const auto& linear = std::get<graph::Linear>(node.operation);
    weights.emplace_back("kernel:0",
                         to_keras_dense(linear.weight, flattened_image(graph, node.inputs[0])));
    add_bias(weights, linear.bias);
  } else if (layer.class_name == "BatchNormalization") {
    const auto& norm = std::get<graph::BatchNorm2d>(node.operation);
    for (const auto& [name, tensor] : {std::pair("gamma:0", norm.weight),
                                       {"beta:0", norm.bias},
                                       {"moving_mean:0", norm.running_mean},
                                       {"moving_variance:0", norm.running_var}}) {
      weights.emplace_back(name, to_host_row_major(tensor, DType::f32));
    }
  }
  return weights;
}

void set_version(Hdf5Tree& group) {
  group.set("keras_version", kKerasVersion);
  group.set("backend", kBackend);
}

}  // namespace

void write_keras(const std::filesystem::path& path, const Graph& graph,
                 const WriteKerasOptions& options) {
  check_keras_has(graph);
  const KerasLayers model = keras_layers(graph);
  Hdf5Tree root;
  set_version(root);
  root.set("model_config", keras_model_config(graph, model, options.channels_first));
  if (options.training) root.set("training_config", training_config(*options.training));
  for (const auto& [name, text] : options.metadata) root.set(name, text);

  Hdf5Tree& all = root.group("model_weights");
  set_version(all);
  std::vector<std::string> layer_names;
  for (const KerasLayer& layer : model.layers) {
    if (model.is_sequential && layer.class_name == "InputLayer") continue;  // Keras lists it not
    layer_names.push_back(layer.name);
    Hdf5Tree& group = all.group(layer.name);
    std::vector<std::string> weight_names;
    for (auto& [name, tensor] : weights_of(graph, layer)) {
      weight_names.push_back(layer.name + "/" + name);
      group.add(weight_names.back(), std::move(tensor));
    }
    set_names(group, "weight_names", weight_names);
  }
  set_names(all, "layer_names", layer_names);
  write_hdf5(path, root);
}

}  // namespace smtrain::nn
