// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/engine/ops/pool.h"

namespace smtrain {

/// max_pool2d(relu(conv2d(x, weight, bias, options)), pool), shapes and errors as there. The
/// convolution's output is never kept: a byte per pooled value says where its gradient goes. Throws
/// std::invalid_argument when a pooling window holds more than 255 values.
Tensor conv2d_relu_pool(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const Conv2dOptions& options, const MaxPool2dOptions& pool);

}  // namespace smtrain
