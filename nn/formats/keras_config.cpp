// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/keras_config.h"

#include "smtrain/engine/error.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace smtrain::nn {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxConfigBytes = 16'000'000;  // parsed, JSON takes many times its size

Json pair_of(Size2d size) { return {size.height, size.width}; }

Json initializer(const char* class_name, Json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

/// The configuration of each layer, in the keys that Keras 2.2 writes and Keras 3 reads.
class LayerConfig {
 public:
  LayerConfig(const Graph& graph, const KerasLayer& layer, bool channels_first)
      : graph_(graph),
        node_(graph.nodes()[layer.node]),
        layer_(layer),
        data_format_(channels_first ? "channels_first" : "channels_last"),
        channel_axis_(channels_first ? 1 : 3) {}

  Json json() {
    config_ = {{"name", layer_.name}};
    if (layer_.class_name == "InputLayer") {
      input();
      return config_;
    }
    // Keras 3 has no such argument for SpatialDropout2D, in which nothing is trained anyway.
    if (layer_.class_name != "SpatialDropout2D") config_["trainable"] = true;
    if (layer_.class_name == "ZeroPadding2D") {
      const Padding2d& p = layer_.zeros;
      config_["padding"] = {{p.top, p.bottom}, {p.left, p.right}};
      config_["data_format"] = data_format_;
    } else if (layer_.class_name == "Activation") {
      config_["activation"] = layer_.activation;
    } else {
      std::visit([this](const auto& operation) { add(operation); }, node_.operation);
    }
    return config_;
  }

 private:
  void input() {
    const Shape& image = node_.output;
    config_["batch_input_shape"] = channel_axis_ == 1 ? Json{nullptr, image[0], image[1], image[2]}
                                                      : Json{nullptr, image[1], image[2], image[0]};
    config_["dtype"] = "float32";
    config_["sparse"] = false;
  }

  void add(const graph::Conv2d& conv) {
    config_["filters"] = conv.weight.size(0);
    config_["kernel_size"] = {conv.weight.size(2), conv.weight.size(3)};
    config_["strides"] = pair_of(conv.options.stride);
    config_["padding"] = padding();
    config_["data_format"] = data_format_;
    config_["dilation_rate"] = pair_of(conv.options.dilation);
    weights(conv.bias.defined());
  }
  void add(const graph::Linear& linear) {
    config_["units"] = linear.weight.size(0);
    weights(linear.bias.defined());
  }
  void add(const graph::BatchNorm2d& norm) {
    config_["axis"] = channel_axis_;
    config_["momentum"] = 1 - norm.momentum;  // PyTorch's is the share of the new value
    config_["epsilon"] = norm.eps;
    config_["center"] = true;
    config_["scale"] = true;
    config_["beta_initializer"] = initializer("Zeros", Json::object());
    config_["gamma_initializer"] = initializer("Ones", Json::object());
    config_["moving_mean_initializer"] = initializer("Zeros", Json::object());
    config_["moving_variance_initializer"] = initializer("Ones", Json::object());
    for (const char* key :
         {"beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"}) {
      config_[key] = nullptr;
    }
  }
  void add(const graph::MaxPool2d& pool) { windows(pool.options.kernel_size, pool.options.stride); }
  void add(const graph::AvgPool2d& pool) { windows(pool.options.kernel_size, pool.options.stride); }
  void add(const graph::AdaptiveAvgPool2d&) {
    if (layer_.class_name == "GlobalAveragePooling2D") {
      config_["data_format"] = data_format_;
    } else {
      const Shape& image = graph_.nodes()[node_.inputs[0]].output;
      windows({image[1], image[2]}, 0);
    }
  }
  void add(const graph::Dropout& dropout) {
    config_["rate"] = dropout.p;
    if (layer_.class_name == "SpatialDropout2D") {
      config_["data_format"] = data_format_;
    } else {
      config_["noise_shape"] = nullptr;
      config_["seed"] = nullptr;
    }
  }
  void add(const graph::Flatten&) { config_["data_format"] = data_format_; }
  void add(const graph::Concat&) { config_["axis"] = -1; }

  /// A class and name say all of the other layers; some operations are activations by now.
  template <typename Operation>
  void add(const Operation&) {}

  const char* padding() const { return layer_.same_padding ? "same" : "valid"; }

  void windows(Size2d kernel, Size2d stride) {
    config_["pool_size"] = pair_of(kernel);
    config_["padding"] = padding();
    config_["strides"] = pair_of(stride == Size2d(0) ? kernel : stride);
    config_["data_format"] = data_format_;
  }

  void weights(bool use_bias) {
    config_["activation"] = layer_.activation;
    config_["use_bias"] = use_bias;
    config_["kernel_initializer"] = initializer(
        "VarianceScaling",
        {{"scale", 1.0}, {"mode", "fan_avg"}, {"distribution", "uniform"}, {"seed", nullptr}});
    config_["bias_initializer"] = initializer("Zeros", Json::object());
    for (const char* key : {"kernel_regularizer", "bias_regularizer", "activity_regularizer",
                            "kernel_constraint", "bias_constraint"}) {
      config_[key] = nullptr;
    }
  }

  const Graph& graph_;
  const Graph::Node& node_;
  const KerasLayer& layer_;
  const char* data_format_;
  const int channel_axis_;
  Json config_;
};

/// The layers that a layer takes the results of, as a Model names them.
Json inbound_nodes(const KerasLayers& model, const KerasLayer& layer) {
  Json inputs = Json::array();
  for (const size_t input : layer.inputs) {
    inputs.push_back(Json::array({model.layers[input].name, 0, 0, Json::object()}));
  }
  return inputs.empty() ? Json::array() : Json::array({inputs});
}

/// Adds what a layer says to what those before it said, which must be the same.
void agree(std::optional<bool>& all, bool one, const std::string& where, const char* what) {
  if (all && *all != one) {
    bad_input(where, ": ", what, " are channels_first in one layer and channels_last in another");
  }
  all = one;
}

const nlohmann::json* member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const nlohmann::json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace

std::string keras_model_config(const Graph& graph, const KerasLayers& model, bool channels_first) {
  Json layers = Json::array();
  for (const KerasLayer& layer : model.layers) {
    Json described = {{"class_name", layer.class_name},
                      {"config", LayerConfig(graph, layer, channels_first).json()}};
    if (!model.is_sequential) {
      described["name"] = layer.name;
      described["inbound_nodes"] = inbound_nodes(model, layer);
    }
    layers.push_back(std::move(described));
  }
  Json config = {{"name", model.is_sequential ? "sequential_1" : "model_1"}, {"layers", layers}};
  if (!model.is_sequential) {
    const auto ends = [](const KerasLayer& layer) {
      return Json::array({Json::array({layer.name, 0, 0})});
    };
    config["input_layers"] = ends(model.layers.front());
    config["output_layers"] = ends(model.layers[model.output]);
  }
  return Json{{"class_name", model.is_sequential ? "Sequential" : "Model"}, {"config", config}}
      .dump();
}

KerasSettings keras_settings_of(std::string_view model_config, const std::string& where) {
  if (model_config.size() > kMaxConfigBytes) {
    bad_input(where, ": model_config has ", model_config.size(), " bytes, expected at most ",
              kMaxConfigBytes);
  }
  const auto json = nlohmann::json::parse(model_config, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) bad_input(where, ": model_config is not valid JSON");
  const nlohmann::json* layers = member(json, "config");
  if (layers != nullptr && layers->is_object()) layers = member(*layers, "layers");
  if (layers == nullptr || !layers->is_array()) bad_input(where, ": model_config has no layers");

  KerasSettings settings;
  std::optional<bool> images, flattens;
  for (const auto& layer : *layers) {
    const nlohmann::json* config = member(layer, "config");
    if (config == nullptr) bad_input(where, ": model_config has a layer without a config");
    const std::string format = text_of(member(*config, "data_format"));
    if (text_of(member(layer, "class_name")) == "Flatten") {
      agree(flattens, format == "channels_first", where, "Flatten layers");
    } else if (!format.empty()) {
      agree(images, format == "channels_first", where, "images");
    }
    const nlohmann::json* epsilon = member(*config, "epsilon");
    if (epsilon != nullptr && epsilon->is_number()) {
      settings.epsilons[text_of(member(*config, "name"))] = epsilon->get<double>();
    }
  }
  settings.flatten_transposes = flattens.value_or(false);
  settings.channels_first = images.value_or(settings.flatten_transposes);
  return settings;
}

}  // namespace smtrain::nn
