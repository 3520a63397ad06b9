// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/conv2d_relu_pool.h"

#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/table.h"

#include <cstddef>

namespace smtrain::cpu {

void conv2d_relu_pool_forward(const Conv2dReluPoolArgs& args, Stream stream) {
  const KernelTable& kernels = cpu_kernels();
  const size_t element = size_of(args.shape.dtype);
  const auto& pool = args.pool.shape;
  const int64_t y_numel = pool.batch * pool.height.outputs * pool.width.outputs * pool.channels;
  Conv2dArgs conv = args.conv;
  MaxPoolArgs max_pool = args.pool;
  for (int64_t chunk = 0; chunk < args.chunks && kernel_failure.empty(); ++chunk) {
    kernels.conv2d_forward(conv, stream);
    kernels.max_pool_forward(max_pool, stream);
    conv.x =
        static_cast<const std::byte*>(conv.x) + static_cast<size_t>(args.shape.x_numel()) * element;
    max_pool.y = static_cast<std::byte*>(max_pool.y) + static_cast<size_t>(y_numel) * element;
    max_pool.index = static_cast<std::byte*>(max_pool.index) + static_cast<size_t>(y_numel);
  }
}

}  // namespace smtrain::cpu
