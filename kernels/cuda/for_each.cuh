// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/numbers.cuh"

#include <algorithm>
#include <cstdint>

namespace smtrain::cuda {

inline constexpr int kForEachThreads = 256;

/// A thread takes `lanes` neighbours at a time, strided by the grid; what is left of them, or all
/// of an unaligned buffer (`vectors` is 0), element by element.
template <int lanes, typename F>
__global__ void __launch_bounds__(kForEachThreads)
    for_each_kernel(int64_t vectors, int64_t count, F f) {
  const int64_t first = int64_t{blockIdx.x} * kForEachThreads + threadIdx.x;
  const int64_t threads = int64_t{gridDim.x} * kForEachThreads;
  if constexpr (lanes > 1) {
    for (int64_t i = first; i < vectors; i += threads) f.template run<lanes>(i * lanes);
  }
  for (int64_t i = vectors * lanes + first; i < count; i += threads) f.template run<1>(i);
}

/// Enough blocks of `threads` for `work` threads, but no more than keep a large device busy.
inline unsigned blocks_for(int64_t work, int threads) {
  constexpr int64_t kMaxBlocks = 132 * 8 * 4;
  return static_cast<unsigned>(std::clamp<int64_t>((work + threads - 1) / threads, 1, kMaxBlocks));
}

/// Calls f.run<n>(i) on the device for elements i .. i + n - 1, which cover 0 .. count - 1 once:
/// with n = `lanes` as far as it goes where `aligned` says that f's buffers allow it, else with n
/// = 1. f is copied to the device.
template <int lanes, typename F>
void for_each(const char* entry, int64_t count, bool aligned, const F& f, Stream stream) {
  if (count <= 0) return;
  const int64_t vectors = aligned && lanes > 1 ? count / lanes : 0;
  launch(entry, for_each_kernel<lanes, F>,
         {.grid = blocks_for(vectors > 0 ? vectors : count, kForEachThreads),
          .block = kForEachThreads},
         stream, vectors, count, f);
}

}  // namespace smtrain::cuda
