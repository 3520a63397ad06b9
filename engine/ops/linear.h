// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// x weightᵀ + bias.
///
///   x       [..., in_features]
///   weight  [out_features, in_features]
///   bias    [out_features], or undefined for none
///   result  [..., out_features]
///
/// Throws std::invalid_argument when sizes, dtypes or devices don't fit.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

/// relu(linear(x, weight, bias)) in one pass over the result.
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace smtrain
