// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d_relu_pool.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

/// Conv2dReluPoolArgs' product of a library's convolution and the hand-written pooling, over the
/// whole batch. The pooling adds the bias, so that f32 is read once; of bf16 and f16 the
/// convolution does, because rounding a value twice can move a maximum.
void conv2d_relu_pool(void (*conv2d_forward)(const Conv2dArgs&, Stream),
                      const Conv2dReluPoolArgs& args, Stream stream);

}  // namespace smtrain::cuda
