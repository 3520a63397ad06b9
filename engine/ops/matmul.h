// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

/// The matrix product of the last two dimensions, for each element of the leading ones, which are
/// equal or missing on one side.
///
///   a       [..., rows, inner]
///   b       [..., inner, columns]
///   result  [..., rows, columns]
///
/// A transposed view costs no copy. Throws std::invalid_argument when sizes or dtypes differ.
Tensor matmul(const Tensor& a, const Tensor& b);

}  // namespace smtrain
