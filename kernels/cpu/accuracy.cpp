// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/accuracy.h"

#include <algorithm>

#include "smtrain/kernels/stream.h"

namespace smtrain::cpu {

void count_correct(const CountCorrectArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    for (int64_t row = 0; row < a.rows; ++row) {
      const T* x = static_cast<const T*>(a.x) + row * a.classes;
      const auto largest =
          std::max_element(x, x + a.classes, [](T a, T b) { return acc_t<T>(a) < acc_t<T>(b); });
      *a.correct += largest - x == a.target[row];
    }
  });
}

}  // namespace smtrain::cpu
