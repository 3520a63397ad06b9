// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/module.h"

#include <functional>
#include <vector>

namespace smtrain::nn {

/// The same computation as calling the layers one by one, with neighbours that one operation
/// covers replaced by it: convolution + ReLU + max pooling, and ReLU after a convolution, a linear
/// layer, a batch norm or a residual block.
std::vector<std::function<Tensor(const Tensor&)>> fuse(
    const std::vector<Module::NamedModule>& layers);

}  // namespace smtrain::nn
