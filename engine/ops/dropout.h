// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// Sets each element to 0 with probability p and multiplies the others by 1 / (1 - p). Draws from
/// the current context's generator: with RngKind::pytorch PyTorch's masks, in logical order
/// whatever the memory format. Without `training`, or with p = 0, returns x and draws nothing.
/// Throws std::invalid_argument unless x is floating and 0 <= p <= 1.
Tensor dropout(const Tensor& x, double p, bool training = true);

/// The same for whole channels of x [N, C, ...].
Tensor dropout2d(const Tensor& x, double p, bool training = true);

}  // namespace smtrain
