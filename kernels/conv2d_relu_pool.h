// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/conv2d.h"
#include "smtrain/kernels/pool.h"

namespace smtrain {

/// y = max_pool(relu(conv2d(x, weight) + bias)), some images at a time, so that a convolution's
/// output is pooled while it is in cache and never kept. `conv` and `pool` describe the first of
/// `chunks` equal runs of images. conv.y is room for the output of one run and is pool.x; the ReLU
/// is pool.relu, which is the same as conv.relu and cheaper; pool.index (uint8) says where the
/// gradient goes.
struct Conv2dReluPoolArgs {
  Conv2dShape shape;  // of one run
  int64_t chunks;
  Conv2dArgs conv;
  MaxPoolArgs pool;
};

}  // namespace smtrain
