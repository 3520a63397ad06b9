// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/kernels/conv2d.h"

namespace smtrain {

// What conv2d and the operations that fuse it share.

/// The sizes of conv2d(x, weight, bias, options). Throws std::invalid_argument, opening with `op`,
/// when they don't fit.
Conv2dShape conv2d_shape(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                         const Conv2dOptions& options);

/// How a device computes convolutions of that shape, which is not empty, and their gradients where
/// `backward`.
Conv2dPlan conv2d_plan(Device device, const Conv2dShape& shape, bool backward = false);

/// Memory for one call.
Tensor workspace_of(size_t size_bytes, Device device);

/// Writes the gradients of x, weight and bias, inputs 0, 1 and 2 of the node, from dy. x and dy are
/// channels-last and dense, weight is contiguous.
void conv2d_backward(const Conv2dShape& shape, const Tensor& x, const Tensor& weight,
                     const Tensor& dy, GradientSink& sink);

}  // namespace smtrain
