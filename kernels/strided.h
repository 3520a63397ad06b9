// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/host_device.h"
#include "smtrain/kernels/layout.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace smtrain {

/// The dimensions that `Operands` strided buffers are walked over together, outermost first.
template <int Operands>
struct StridedLoop {
  struct Dim {
    int64_t size;
    int64_t strides[Operands];  // in elements
  };

  int ndim = 0;
  Dim dims[kMaxDims];

  /// Takes the common shape and the strides of each operand; dimensions of size 1 are left out.
  explicit StridedLoop(const Layout (&layouts)[Operands]) {
    for (int i = 0; i < layouts[0].ndim; ++i) {
      if (layouts[0].shape[i] == 1) continue;
      dims[ndim].size = layouts[0].shape[i];
      for (int k = 0; k < Operands; ++k) dims[ndim].strides[k] = layouts[k].strides[i];
      ++ndim;
    }
  }

  SMTRAIN_HOST_DEVICE int64_t count() const {
    int64_t product = 1;
    for (int i = 0; i < ndim; ++i) product *= dims[i].size;
    return product;
  }

  /// Orders the dimensions by falling stride of one operand, so that it is walked as it lies.
  void sort_by(int operand) {
    // Insertion: stable, and unlike std::stable_sort it allocates nothing.
    for (int i = 1; i < ndim; ++i) {
      const Dim dim = dims[i];
      int place = i;
      for (; place > 0 && dims[place - 1].strides[operand] < dim.strides[operand]; --place) {
        dims[place] = dims[place - 1];
      }
      dims[place] = dim;
    }
  }

  /// Joins neighbours that every operand can walk as one dimension.
  void coalesce() {
    int last = 0;
    for (int i = 1; i < ndim; ++i) {
      bool joins = true;
      for (int k = 0; k < Operands; ++k) {
        joins = joins && dims[last].strides[k] == dims[i].strides[k] * dims[i].size;
      }
      if (joins) {
        const int64_t size = dims[last].size;
        dims[last] = dims[i];
        dims[last].size *= size;
      } else {
        dims[++last] = dims[i];
      }
    }
    ndim = std::min(ndim, last + 1);
  }

  /// Takes a dimension out of the loop.
  Dim take(int dim) {
    const Dim taken = dims[dim];
    std::move(dims + dim + 1, dims + ndim, dims + dim);
    --ndim;
    return taken;
  }

  /// Takes the innermost dimension out of the loop; a single element when there is none.
  Dim take_inner() { return ndim == 0 ? Dim{.size = 1, .strides = {}} : take(ndim - 1); }

  /// Where the operands stand at a position of the walk, as element offsets.
  SMTRAIN_HOST_DEVICE void offsets_at(int64_t position, int64_t (&offsets)[Operands]) const {
    for (int k = 0; k < Operands; ++k) offsets[k] = 0;
    for (int i = ndim - 1; i >= 0; --i) {
      const int64_t index = position % dims[i].size;
      position /= dims[i].size;
      for (int k = 0; k < Operands; ++k) offsets[k] += index * dims[i].strides[k];
    }
  }
};

}  // namespace smtrain
