// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// exp(x) / Σ exp(x) along one dimension. Throws std::invalid_argument unless x is floating.
Tensor softmax(const Tensor& x, int dim);

/// The logarithm of softmax, exact where that would round to 0.
Tensor log_softmax(const Tensor& x, int dim);

}  // namespace smtrain
