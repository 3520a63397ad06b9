// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/unary_functions.h"
#include "smtrain/kernels/vectorize.h"

namespace smtrain::cpu {
namespace {

template <typename Op, typename T>
SMTRAIN_VECTORIZED void map(const T* __restrict x, T* __restrict y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = T(Op::value(acc_t<T>(x[i])));
}

template <typename Op, typename T>
SMTRAIN_VECTORIZED void map_backward(const T* __restrict x, const T* __restrict y,
                                     const T* __restrict dy, T* __restrict dx, int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) dx[i] = T(Acc(dy[i]) * Op::derivative(Acc(x[i]), Acc(y[i])));
}

template <typename Op, typename T>
SMTRAIN_VECTORIZED void map_backward_add(const T* __restrict x, const T* __restrict y,
                                         const T* __restrict dy, T* __restrict dx, int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) {
    dx[i] = T(Acc(dx[i]) + Acc(dy[i]) * Op::derivative(Acc(x[i]), Acc(y[i])));
  }
}

}  // namespace

void unary(const UnaryArgs& a, Stream) {
  const auto run = [&]<typename Op, typename T>() {
    parallel_for(a.count, grain_of(1), [&](int64_t begin, int64_t end) {
      map<Op>(static_cast<const T*>(a.x) + begin, static_cast<T*>(a.y) + begin, end - begin);
    });
  };
  if (is_floating(a.dtype)) {
    dispatch_floating(a.dtype, [&]<typename T>() {
      unary_functions::dispatch_unary(a.op,
                                      [&]<typename Op>() { run.template operator()<Op, T>(); });
    });
  } else {
    dispatch(a.dtype, [&]<typename T>() {
      if constexpr (std::is_integral_v<T>) {
        unary_functions::dispatch_integer_unary(
            a.op, [&]<typename Op>() { run.template operator()<Op, T>(); });
      }
    });
  }
}

void unary_backward(const UnaryBackwardArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    unary_functions::dispatch_unary(a.op, [&]<typename Op>() {
      const auto step = a.accumulate ? map_backward_add<Op, T> : map_backward<Op, T>;
      parallel_for(a.count, grain_of(1), [&](int64_t begin, int64_t end) {
        step(static_cast<const T*>(a.x) + begin, static_cast<const T*>(a.y) + begin,
             static_cast<const T*>(a.dy) + begin, static_cast<T*>(a.dx) + begin, end - begin);
      });
    });
  });
}

}  // namespace smtrain::cpu
