// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/random.h"
#include "smtrain/nn/module.h"

namespace smtrain::nn {

/// Starts a model as Keras does: weights of convolutions and linear layers Glorot uniform, every
/// bias zero. Parameters of one dimension that are not called "bias" keep their values.
void initialize_as_keras(Module& model, Generator& generator);

}  // namespace smtrain::nn
