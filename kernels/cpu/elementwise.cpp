// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/elementwise.h"

#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>

namespace smtrain::cpu {
namespace {

template <typename T>
SMTRAIN_VECTORIZED void scale_and_shift(const T* __restrict x, T* __restrict y, acc_t<T> scale,
                                        acc_t<T> shift, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = T(acc_t<T>(x[i]) * scale + shift);
}

template <typename T>
SMTRAIN_VECTORIZED void scale_and_shift_add(const T* __restrict x, T* __restrict y, acc_t<T> scale,
                                            acc_t<T> shift, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    y[i] = T(acc_t<T>(y[i]) + (acc_t<T>(x[i]) * scale + shift));
  }
}

}  // namespace

void fill(const FillArgs& a, Stream) {
  dispatch(a.dtype, [&]<typename T>() {
    T* y = static_cast<T*>(a.y);
    const T value = convert_to<T>(a.value);
    parallel_for(a.count, grain_of(1),
                 [&](int64_t begin, int64_t end) { std::fill(y + begin, y + end, value); });
  });
}

void affine(const AffineArgs& a, Stream) {
  dispatch(a.dtype, [&]<typename T>() {
    const auto step = a.accumulate ? scale_and_shift_add<T> : scale_and_shift<T>;
    parallel_for(a.count, grain_of(1), [&](int64_t begin, int64_t end) {
      step(static_cast<const T*>(a.x) + begin, static_cast<T*>(a.y) + begin,
           static_cast<acc_t<T>>(a.scale), static_cast<acc_t<T>>(a.shift), end - begin);
    });
  });
}

}  // namespace smtrain::cpu
