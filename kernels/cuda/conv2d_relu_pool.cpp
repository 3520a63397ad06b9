// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/conv2d_relu_pool.h"

#include "smtrain/kernels/cuda/pool.h"
#include "smtrain/kernels/failure.h"

namespace smtrain::cuda {

void conv2d_relu_pool(void (*conv2d_forward)(const Conv2dArgs&, Stream),
                      const Conv2dReluPoolArgs& args, Stream stream) {
  const bool pool_adds_bias = size_of(args.shape.dtype) >= sizeof(float);
  Conv2dArgs conv = args.conv;
  conv.relu = false;  // max_pool's, which is the same and cheaper
  if (pool_adds_bias) conv.bias = nullptr;
  conv2d_forward(conv, stream);
  if (!kernel_failure.empty()) return;
  max_pool_forward_with_bias(args.pool, pool_adds_bias ? args.conv.bias : nullptr, stream);
}

}  // namespace smtrain::cuda
