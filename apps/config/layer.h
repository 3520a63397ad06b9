// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/size2d.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace smtrain::app {

struct Layer;

/// The layers of a network that a recipe spells out. Options have PyTorch's names, meanings and
/// defaults; the sizes of a layer's input are not said, because the layer before it knows them.
struct Conv2dLayer {
  int64_t out_channels = 0;
  Size2d kernel_size = 0;
  Size2d stride = 1;
  Size2d padding = 0;
  Size2d dilation = 1;
  int64_t groups = 1;
  bool bias = true;

  bool operator==(const Conv2dLayer&) const = default;
};

struct LinearLayer {
  int64_t out_features = 0;
  bool bias = true;

  bool operator==(const LinearLayer&) const = default;
};

struct ReluLayer {
  bool operator==(const ReluLayer&) const = default;
};

struct MaxPool2dLayer {
  Size2d kernel_size = 0;
  std::optional<Size2d> stride;  // unset: kernel_size
  Size2d padding = 0;

  bool operator==(const MaxPool2dLayer&) const = default;
};

struct AvgPool2dLayer {
  Size2d kernel_size = 0;
  std::optional<Size2d> stride;  // unset: kernel_size
  Size2d padding = 0;

  bool operator==(const AvgPool2dLayer&) const = default;
};

struct AdaptiveAvgPool2dLayer {
  Size2d output_size = 1;

  bool operator==(const AdaptiveAvgPool2dLayer&) const = default;
};

struct BatchNorm2dLayer {
  double eps = 1e-5;
  double momentum = 0.1;

  bool operator==(const BatchNorm2dLayer&) const = default;
};

struct DropoutLayer {
  double p = 0.5;

  bool operator==(const DropoutLayer&) const = default;
};

struct Dropout2dLayer {
  double p = 0.5;

  bool operator==(const Dropout2dLayer&) const = default;
};

struct FlattenLayer {
  bool operator==(const FlattenLayer&) const = default;
};

struct LogSoftmaxLayer {
  bool operator==(const LogSoftmaxLayer&) const = default;
};

struct SoftmaxLayer {
  bool operator==(const SoftmaxLayer&) const = default;
};

/// y = layers(x) + shortcut(x); no shortcut adds x itself.
struct ResidualLayer {
  std::vector<Layer> layers;
  std::vector<Layer> shortcut;

  bool operator==(const ResidualLayer&) const;
};

/// One output of a network with several.
struct Head {
  std::string name;
  std::vector<Layer> layers;

  bool operator==(const Head&) const;
};

/// The last layer of a network with several outputs: every head sees the same input.
struct HeadsLayer {
  std::vector<Head> heads;  // in the order of the recipe

  bool operator==(const HeadsLayer&) const;
};

/// One layer with its options: a tree, since residual and heads hold layers themselves.
struct Layer {
  std::variant<Conv2dLayer, LinearLayer, ReluLayer, MaxPool2dLayer, AvgPool2dLayer,
               AdaptiveAvgPool2dLayer, BatchNorm2dLayer, DropoutLayer, Dropout2dLayer, FlattenLayer,
               LogSoftmaxLayer, SoftmaxLayer, ResidualLayer, HeadsLayer>
      kind;

  bool operator==(const Layer& other) const { return kind == other.kind; }
};

inline bool ResidualLayer::operator==(const ResidualLayer& other) const {
  return layers == other.layers && shortcut == other.shortcut;
}
inline bool Head::operator==(const Head& other) const {
  return name == other.name && layers == other.layers;
}
inline bool HeadsLayer::operator==(const HeadsLayer& other) const { return heads == other.heads; }

}  // namespace smtrain::app
