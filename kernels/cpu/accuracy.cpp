// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/accuracy.h"

#include "smtrain/kernels/cpu/argmax.h"
#include "smtrain/kernels/stream.h"

namespace smtrain::cpu {

void count_correct(const CountCorrectArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    for (int64_t row = 0; row < a.rows; ++row) {
      const T* x = static_cast<const T*>(a.x) + row * a.classes;
      *a.correct += argmax(x, a.classes) == a.target[row];
    }
  });
}

}  // namespace smtrain::cpu
