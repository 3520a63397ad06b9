// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/graph.h"
#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Keras' HDF5 files (.h5, .hd5): a model's description and weights, as model.save() of Keras 2
/// writes them and load_model() of Keras 2.2 and Keras 3 reads them.
namespace smtrain::nn {

/// What is asked of training to go on with a model in Keras: SGD on categorical cross-entropy. The
/// two versions name the options differently, and each refuses the other's.
struct KerasTraining {
  enum class Version : uint8_t { keras2, keras3 };

  Version version = Version::keras2;
  double lr = 0.01;
  double momentum = 0;
  bool nesterov = false;
};

/// What write_keras() writes beside the weights.
struct WriteKerasOptions {
  bool channels_first = false;                  // the layout of images that the file declares
  std::optional<KerasTraining> training;        // without it a loaded model is not compiled
  std::map<std::string, std::string> metadata;  // more texts of the file, which Keras passes over
};

/// Makes or replaces the file atomically: a Sequential model where the graph is a chain, else a
/// functional Model, with Keras' names for the layers (conv2d_1, dense_2). Weights are f32. A model
/// that ends in log-probabilities is written with softmax in their place, since that is what Keras'
/// classifiers end in and its losses expect: its predictions are probabilities. Throws
/// std::invalid_argument naming the node that Keras has no layer for (grouped convolutions, windows
/// beyond the input, averages other than 1x1, padded max pooling of what can be negative), before
/// anything is written.
void write_keras(const std::filesystem::path& path, const Graph& graph,
                 const WriteKerasOptions& options = {});

/// What is in a file: the layers that Keras lists, with their weights as they are stored.
struct KerasFile {
  /// A dataset.
  struct Weight {
    std::string name;  // "conv2d_1/kernel:0"
    Tensor tensor;     // on the CPU
  };
  /// A group of them.
  struct Layer {
    std::string name;
    std::vector<Weight> weights;  // none in many layers
  };

  std::string name;  // what messages call the file
  std::string keras_version, backend;
  std::string model_config;  // JSON; empty in a file of weights alone
  std::vector<Layer> layers;
};

/// Reads a whole model or a file of weights alone, by any version of Keras, Keras-MXNet included.
/// An optimizer's state is left alone. Throws BadInput naming the file and the place.
KerasFile read_keras(const std::filesystem::path& path);

/// The same from memory; `name` is what messages call it.
KerasFile read_keras(std::span<const uint8_t> bytes, const std::string& name);

/// The file's weights under the model's names, for Module::load_state_dict(); `graph` is the
/// model's. As in Keras, the layers that have weights are matched by their order, not by their
/// names. Kernels become PyTorch's: turned where Keras ran on Theano, and as Keras-MXNet keeps
/// them; the rows of a Dense after a Flatten follow the layout that the file declares. Throws
/// BadInput naming layer and shapes where they disagree, and where a batch normalisation has
/// another epsilon than the model's.
StateDict keras_state_dict(const KerasFile& file, const Graph& graph);

}  // namespace smtrain::nn
