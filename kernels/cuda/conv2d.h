// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cuda {

// The table's entries, by cuDNN.
void conv2d_plan(const Conv2dPlanArgs& args, Stream stream);
void conv2d_forward(const Conv2dArgs& args, Stream stream);
void conv2d_backward_input(const Conv2dBackwardInputArgs& args, Stream stream);
void conv2d_backward_weight(const Conv2dBackwardWeightArgs& args, Stream stream);

}  // namespace smtrain::cuda
