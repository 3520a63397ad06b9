// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/nn/graph.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A graph as the layers that Keras would have it in.
namespace smtrain::nn {

/// One layer of Keras'.
struct KerasLayer {
  std::string class_name;             // "Conv2D"
  std::string name;                   // "conv2d_1"
  std::string activation = "linear";  // of Conv2D, Dense and Activation; else "relu", "softmax"
  size_t node;                        // of the graph: whose options and tensors
  std::vector<size_t> inputs;         // other layers
  bool same_padding = false;          // Keras' padding "same", which is the node's
  Padding2d zeros = 0;                // of ZeroPadding2D
};

/// Layers in the order in which Keras lists a model's, and in which its files hold weights. The
/// first is the InputLayer.
struct KerasLayers {
  std::vector<KerasLayer> layers;
  bool is_sequential;  // each takes the result of the one before it
  size_t output;       // the layer whose result is the model's
};

/// Names are those of Keras 2 in a new session: conv2d_1, conv2d_2, ... by class in the graph's
/// order. A ReLU or softmax that alone takes the result of a Conv2D or Dense is its activation; a
/// padding that is not Keras' "same" is a ZeroPadding2D before its layer; an average over a whole
/// image and the Flatten after it are one GlobalAveragePooling2D. LogSoftmax becomes softmax, which
/// Keras' classifiers end in. What Keras has no layer for is left to check_keras_has().
KerasLayers keras_layers(const Graph& graph);

/// Throws std::invalid_argument naming the first node of the graph that Keras' layers can't compute
/// to the same results.
void check_keras_has(const Graph& graph);

/// The shape [C, H, W] of the image that a node's features are the pixels of, in that order; none
/// where they are features of a layer's own, or where the order makes no difference. Keras'
/// pixels come in another order. Throws std::invalid_argument where both kinds are mixed.
std::optional<Shape> flattened_image(const Graph& graph, size_t node);

}  // namespace smtrain::nn
