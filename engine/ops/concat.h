// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <vector>

namespace smtrain {

/// Tensors of one dtype, whose shapes differ along `dim` at most, one after the other along it.
/// Throws std::invalid_argument when there are none or they do not fit.
Tensor concat(const std::vector<Tensor>& parts, int dim);

/// Tensors of one shape and dtype along a new dimension.
Tensor stack(const std::vector<Tensor>& parts, int dim);

}  // namespace smtrain
