// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace smtrain {

/// The largest number of dimensions of a tensor.
inline constexpr int kMaxDims = 8;

/// How the elements of an image batch of logical shape [N, C, H, W] follow each other in memory.
enum class MemoryFormat : uint8_t {
  contiguous,     // N, C, H, W: row-major, for any number of dimensions
  channels_last,  // N, H, W, C: 4 dimensions only
};

/// A strided view of a buffer, as kernels receive it: element [i0, i1, ...] is at sum(i * stride)
/// elements.
struct Layout {
  int ndim = 0;
  int64_t shape[kMaxDims] = {};
  int64_t strides[kMaxDims] = {};
};

}  // namespace smtrain
