// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"

#include <cstdint>

namespace smtrain::cuda {

/// A channel of a pixel of an image batch [batch, rows, columns, channels].
struct ImagePlace {
  int64_t image, row, column, channel;

  /// Of element i; a Size is a number that can be divided by.
  template <typename Size>
  __device__ static ImagePlace of(int64_t i, const Size& rows, const Size& columns,
                                  const Size& channels) {
    const int64_t pixel = i / channels;
    const int64_t line = pixel / columns;
    return {line / rows, line % rows, pixel % columns, i % channels};
  }
};

}  // namespace smtrain::cuda
