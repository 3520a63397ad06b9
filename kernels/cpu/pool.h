// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/pool.h"

#include <algorithm>

namespace smtrain::cpu {

/// The outputs of a pooling along one axis that can see an input, [first, last), found by moving
/// forward with the inputs: windows begin and end in the order of their outputs.
class CoveringOutputs {
 public:
  explicit CoveringOutputs(const PoolAxis& axis, int64_t first_input) : axis_(axis) {
    move_to(first_input);
  }

  void move_to(int64_t input) {
    while (first_ < axis_.outputs && axis_.end(first_) <= input) ++first_;
    while (last_ < axis_.outputs && axis_.begin(last_) <= input) ++last_;
  }

  int64_t first() const { return first_; }
  int64_t last() const { return last_; }

 private:
  const PoolAxis& axis_;
  int64_t first_ = 0, last_ = 0;
};

/// The inputs of one window that exist: places [first, last) of it, at begin + place * dilation.
struct WindowPlaces {
  int64_t begin, first, last;

  WindowPlaces(const PoolAxis& axis, int64_t output) : begin(axis.begin(output)) {
    const int64_t end = std::min(axis.end(output), axis.inputs);
    first = begin < 0 ? steps(-begin, axis.dilation) : 0;
    last = std::max(first, steps(end - begin, axis.dilation));
  }

 private:
  // How many steps of `dilation` reach `distance`; a division costs more than a small window.
  static int64_t steps(int64_t distance, int64_t dilation) {
    return dilation == 1 ? distance : (distance + dilation - 1) / dilation;
  }
};

}  // namespace smtrain::cpu
