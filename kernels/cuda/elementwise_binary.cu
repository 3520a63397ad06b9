// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/binary_functions.h"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/strided.h"

#include <type_traits>

namespace smtrain::cuda {
namespace {

/// y[j] = op(a[j], b[j]) of `lanes` values: of T for arithmetic, of bool for comparisons. All
/// threads take the same way through the op.
template <typename T, typename R, int lanes>
__device__ __forceinline__ Vec<R, lanes> combined(BinaryOp op, const Vec<T, lanes>& a,
                                                  const Vec<T, lanes>& b) {
  Vec<R, lanes> y = {};
  binary_functions::dispatch_binary(op, [&]<typename Function>() {
    using Value = decltype(Function::value(acc_t<T>(), acc_t<T>()));
    constexpr bool compares = std::is_same_v<Value, bool>;
    constexpr bool divides_whole =  // refused by div()
        std::is_same_v<Function, binary_functions::Divide> && std::is_integral_v<T>;
    if constexpr (compares == std::is_same_v<R, bool> && !divides_whole) {
      for (int lane = 0; lane < lanes; ++lane) {
        const auto value = Function::value(widen(a[lane]), widen(b[lane]));
        if constexpr (compares) {
          y[lane] = value;
        } else {
          y[lane] = narrow<T>(value);
        }
      }
    } else if constexpr (std::is_same_v<T, bool> && !divides_whole && !compares) {
      for (int lane = 0; lane < lanes; ++lane)
        y[lane] = Function::value(widen(a[lane]), widen(b[lane])) != 0;
    }
  });
  return y;
}

/// Operands that lie as y does; one of a single element is repeated.
template <typename T, typename R>
struct CombineDense {
  BinaryOp op;
  bool repeats_a, repeats_b;
  const T *a, *b;
  R* y;

  template <int lanes>
  __device__ Vec<T, lanes> operand(bool repeats, const T* values, int64_t i) const {
    if (!repeats) return load<lanes>(values + i);
    Vec<T, lanes> same;
    for (int lane = 0; lane < lanes; ++lane) same[lane] = *values;
    return same;
  }

  template <int lanes>
  __device__ void run(int64_t i) const {
    store(y + i, combined<T, R, lanes>(op, operand<lanes>(repeats_a, a, i),
                                       operand<lanes>(repeats_b, b, i)));
  }
};

template <typename T, typename R>
struct CombineStrided {
  BinaryOp op;
  StridedLoop<2> loop;
  const T *a, *b;
  R* y;

  template <int lanes>
  __device__ void run(int64_t i) const {
    static_assert(lanes == 1, "neighbours in y are none in a and b");
    int64_t offsets[2];
    loop.offsets_at(i, offsets);
    store(y + i, combined<T, R, 1>(op, {a[offsets[0]]}, {b[offsets[1]]}));
  }
};

template <typename T, typename R>
void combine(const BinaryArgs& args, Stream stream) {
  StridedLoop<2> loop({args.a_layout, args.b_layout});
  loop.coalesce();
  const T *a = static_cast<const T*>(args.a), *b = static_cast<const T*>(args.b);
  R* y = static_cast<R*>(args.y);
  const auto is_simple = [&](int k) {
    return loop.ndim == 0 || loop.dims[0].strides[k] == 1 || loop.dims[0].strides[k] == 0;
  };
  if (loop.ndim > 1 || !is_simple(0) || !is_simple(1)) {
    const CombineStrided<T, R> f = {args.op, loop, a, b, y};
    return for_each<1>("binary", loop.count(), true, f, stream);
  }
  const auto repeats = [&](int k) { return loop.ndim == 1 && loop.dims[0].strides[k] == 0; };
  constexpr int kLanes = kLanesOf<T>;
  const CombineDense<T, R> f = {args.op, repeats(0), repeats(1), a, b, y};
  const bool aligned = (f.repeats_a || is_aligned<kLanes>(a)) &&
                       (f.repeats_b || is_aligned<kLanes>(b)) && is_aligned<kLanes>(y);
  for_each<kLanes>("binary", loop.count(), aligned, f, stream);
}

}  // namespace

void binary(const BinaryArgs& a, Stream stream) {
  const bool compares =
      a.op == BinaryOp::equal || a.op == BinaryOp::less || a.op == BinaryOp::greater;
  dispatch(a.dtype, [&]<typename T>() {
    compares ? combine<T, bool>(a, stream) : combine<T, T>(a, stream);
  });
}

}  // namespace smtrain::cuda
