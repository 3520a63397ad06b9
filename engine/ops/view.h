// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <vector>

namespace smtrain {

// Differentiable views: other shapes over the same memory, except where "copies" is said.
// Dimensions count from the end when negative. All throw std::invalid_argument naming the
// operation.

/// The same elements in logical order under another shape; one size may be -1 and is computed.
/// Copies when x is not contiguous.
Tensor reshape(const Tensor& x, const Shape& shape);

/// Dimensions start_dim .. end_dim as one. Copies when x is not contiguous.
Tensor flatten(const Tensor& x, int start_dim = 0, int end_dim = -1);

/// Dimension i of the result is dimension dims[i] of x.
Tensor permute(const Tensor& x, const std::vector<int>& dims);

Tensor transpose(const Tensor& x, int dim0, int dim1);

/// Moves one dimension to another place; the others keep their order.
Tensor movedim(const Tensor& x, int from, int to);

/// The elements start .. start + length - 1 along a dimension.
Tensor narrow(const Tensor& x, int dim, int64_t start, int64_t length);

/// Element `index` along a dimension, which disappears.
Tensor select(const Tensor& x, int dim, int64_t index);

/// Repeats dimensions of size 1, and new leading ones, up to `shape`.
Tensor expand(const Tensor& x, const Shape& shape);

/// Removes a dimension of size 1.
Tensor squeeze(const Tensor& x, int dim);

/// Adds a dimension of size 1 at `dim` of the result.
Tensor unsqueeze(const Tensor& x, int dim);

/// x with its elements densely in row-major order; copies unless they are.
Tensor contiguous(const Tensor& x);

/// x [N, C, H, W] with its elements densely as N, H, W, C; copies unless they are.
Tensor to_channels_last(const Tensor& x);

/// x converted to another dtype; copies unless it has that one. Floating to integer truncates.
Tensor to(const Tensor& x, DType dtype);

/// x's values densely in memory in the order of `model`, which is dense and of the same shape, and
/// outside the graph: x's own memory when it lies so. Gradients use it to walk several tensors as
/// one run.
Tensor in_order_of(const Tensor& x, const Tensor& model);

/// x itself when it is dense in any order, else a contiguous copy; outside the graph.
Tensor dense(const Tensor& x);

}  // namespace smtrain
