// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/layer.h"
#include "smtrain/engine/shape.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <vector>

namespace smtrain::app {

/// The layers of a recipe, one after the other, for inputs of shape [C, H, W]; the result gives [N,
/// classes]. A layer's input sizes are what the layers before it give for one image. Throws
/// std::invalid_argument naming the layer that does not fit, before its weights are allocated:
///
///   model.layers[3] (linear): expected [N, features], got [1, 16, 5, 5]; put flatten before it
nn::ModulePtr build_layers(const std::vector<Layer>& layers, const Shape& input, int64_t classes,
                           int64_t max_parameters);

}  // namespace smtrain::app
