// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/onnx_model.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/state_dict.h"

namespace smtrain::nn {

/// The weights of `graph`'s model in a file whose names are others, as read_onnx() says.
StateDict match_onnx_weights(const OnnxModel& file, const Graph& graph);

}  // namespace smtrain::nn
