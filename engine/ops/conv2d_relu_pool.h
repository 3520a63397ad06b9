// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/engine/ops/pool.h"
#include "smtrain/kernels/pool.h"

namespace smtrain {

/// How many values a pooling window of conv2d_relu_pool() may hold.
inline constexpr int64_t kLargestFusedWindow = kNoMaximum;

/// max_pool2d(relu(conv2d(x, weight, bias, options)), pool), shapes and errors as there. The
/// convolution's output is never kept: a byte per pooled value says where its gradient goes. Throws
/// std::invalid_argument when a pooling window holds more than kLargestFusedWindow values.
Tensor conv2d_relu_pool(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const Conv2dOptions& options, const MaxPool2dOptions& pool);

}  // namespace smtrain
