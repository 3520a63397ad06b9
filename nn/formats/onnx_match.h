// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/onnx_model.h"
#include "smtrain/nn/graph.h"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::nn {

/// An initializer, or its transpose.
struct OnnxWeight {
  const OnnxTensor* tensor = nullptr;
  bool transposed = false;

  OnnxWeight transpose() const { return {tensor, !transposed}; }

  Shape shape() const {
    const Shape& shape = tensor->shape;
    return transposed ? Shape{shape[1], shape[0]} : shape;
  }

  Tensor copy() const {
    const Tensor copy = tensor->tensor();
    return transposed ? copy.view_of_storage(shape(), {1, tensor->shape[1]}, 0) : copy;
  }

  /// The same numbers as one row: a bias may come as [1, features].
  Tensor flat_copy() const {
    return tensor->tensor().view_of_storage({tensor->shape.numel()}, {1}, 0);
  }
};

/// What a file has for one of a model's nodes: nothing for those without weights.
struct OnnxMatch {
  std::optional<OnnxWeight> weight, bias, running_mean, running_var;
  bool is_folded = false;  // a batch norm, into the convolution before it
};

/// What match_onnx() finds.
struct OnnxMatches {
  std::vector<OnnxMatch> of_node;  // of the graph
  std::string unknown;  // the file's first operation that the model does not have there, or empty
  std::deque<OnnxTensor> constants;  // weights that the file has among its operations
};

/// Follows a file's operations through a model's graph, from the input on: each of the file's
/// values that can be is the result of one of the model's nodes, the one that takes the same inputs
/// with weights of the same shape and slides in the same way. The result points into the file.
OnnxMatches match_onnx(const OnnxModel& file, const Graph& graph);

}  // namespace smtrain::nn
