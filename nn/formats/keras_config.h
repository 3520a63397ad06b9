// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/keras_layers.h"

#include <map>
#include <string>
#include <string_view>

/// Keras' description of a model, the JSON of a file's attribute model_config.
namespace smtrain::nn {

/// The description that Keras 2.2 and Keras 3 build the layers from. `model` is keras_layers() of
/// the graph, which check_keras_has() has let pass.
std::string keras_model_config(const Graph& graph, const KerasLayers& model, bool channels_first);

/// What such a description says about how weights are to be read.
struct KerasSettings {
  bool channels_first = false;             // of the images that convolutions and pooling take
  bool flatten_transposes = false;         // Flatten's own data_format is channels_first
  std::map<std::string, double> epsilons;  // of the layers that have one, by name
};

/// Throws BadInput opening with `where` when the text is no description of a model, or when its
/// layers do not agree.
KerasSettings keras_settings_of(std::string_view model_config, const std::string& where);

}  // namespace smtrain::nn
