// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/pool.h"
#include "smtrain/kernels/pool.h"

namespace smtrain {

// What pooling and the operations that fuse it share.

/// The sizes of max_pool2d(x, options) for an x [N, C, H, W]. Throws std::invalid_argument, opening
/// with `op`, when they don't fit.
PoolShape pool_shape(const char* op, const Shape& x, DType dtype, const MaxPool2dOptions& options);

/// The shape of the result, [N, C, H', W'].
Shape pooled_shape(const PoolShape& shape);

}  // namespace smtrain
