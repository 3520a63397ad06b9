// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_reader.h"
#include "smtrain/nn/formats/keras.h"

#include <set>
#include <utility>

namespace smtrain::nn {
namespace {

std::string text_if_any(const Hdf5Group& group, std::string_view name) {
  return group.has_attribute(name) ? group.text(name) : std::string();
}

/// What the group of the weights says, or else the file's root.
std::string text_of_either(const Hdf5Group& weights, const Hdf5Group& root, std::string_view name) {
  return text_if_any(weights.has_attribute(name) ? weights : root, name);
}

/// The texts of an attribute, or of name0, name1, ... where there are too many for one. None twice.
std::vector<std::string> names_of(const Hdf5File& file, const Hdf5Group& group,
                                  const std::string& name) {
  std::vector<std::string> names;
  if (group.has_attribute(name)) {
    names = group.texts(name);
  } else if (group.has_attribute(name + "0")) {
    for (size_t i = 0; group.has_attribute(name + std::to_string(i)); ++i) {
      const auto more = group.texts(name + std::to_string(i));
      names.insert(names.end(), more.begin(), more.end());
    }
  } else {
    bad_input(file.name(), ": ", group.path(), ": has no ", name);
  }
  std::set<std::string_view> known;
  for (const std::string& one : names) {
    if (!known.insert(one).second) {
      bad_input(file.name(), ": ", group.path(), ": has '", one, "' twice in ", name);
    }
  }
  return names;
}

/// The group that lists the layers.
Hdf5Group weights_group(const Hdf5File& file) {
  const Hdf5Group root = file.root();
  if (root.has("model_weights")) return root.group("model_weights");
  if (root.has_attribute("layer_names") || root.has_attribute("layer_names0")) return root;
  bad_input(file.name(), ": holds no model of Keras': neither model_weights nor layer_names is ",
            "there (Keras 3 writes this format with model.save('name.h5'))");
}

KerasFile read(const Hdf5File& file) {
  KerasFile result{.name = file.name()};
  const Hdf5Group all = weights_group(file);
  const Hdf5Group root = file.root();
  result.keras_version = text_of_either(all, root, "keras_version");
  result.backend = text_of_either(all, root, "backend");
  result.model_config = text_if_any(root, "model_config");
  uint64_t size = 0;  // of all weights: several may be the same bytes, but not to no end
  for (const std::string& layer_name : names_of(file, all, "layer_names")) {
    const Hdf5Group group = all.group(layer_name);
    KerasFile::Layer layer{layer_name, {}};
    for (std::string& weight_name : names_of(file, group, "weight_names")) {
      const Hdf5Dataset dataset = group.dataset(weight_name);
      size += dataset.size_bytes();
      if (size > file.size_bytes()) bad_input(dataset.where, ": the weights overlap each other");
      layer.weights.push_back({std::move(weight_name), dataset.read()});
    }
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace

KerasFile read_keras(const std::filesystem::path& path) { return read(Hdf5File(path)); }

KerasFile read_keras(std::span<const uint8_t> bytes, const std::string& name) {
  return read(Hdf5File(bytes, name));
}

}  // namespace smtrain::nn
