// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <vector>

namespace smtrain {

// Reductions over `dims` (negative ones count from the end; none named means all). The reduced
// dimensions disappear, or stay with size 1 when keepdim. 16-bit types are summed in f32. Results
// do not depend on the number of compute threads.

/// Of integers and bool: i64.
Tensor sum(const Tensor& x, const std::vector<int>& dims = {}, bool keepdim = false);

/// Floating types only. Of no elements: NaN.
Tensor mean(const Tensor& x, const std::vector<int>& dims = {}, bool keepdim = false);

/// The largest element; a NaN wins. Its gradient is shared evenly among equals. Throws when there
/// is nothing to choose from.
Tensor max(const Tensor& x, const std::vector<int>& dims = {}, bool keepdim = false);
Tensor min(const Tensor& x, const std::vector<int>& dims = {}, bool keepdim = false);

/// Σ (x - mean)² / (n - correction); floating types only.
Tensor variance(const Tensor& x, const std::vector<int>& dims = {}, int correction = 1,
                bool keepdim = false);

/// The index (i64) of the first largest element along one dimension; a NaN wins.
Tensor argmax(const Tensor& x, int dim, bool keepdim = false);

/// Sums x over the dimensions that broadcasting `shape` to x's shape would repeat: how a broadcast
/// operand's gradient comes back to its shape.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace smtrain
