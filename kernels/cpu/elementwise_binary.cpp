// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/cpu/strided.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <type_traits>

namespace smtrain::cpu {
namespace {

struct Add {
  template <typename A>
  static A value(A a, A b) {
    return a + b;
  }
};
struct Subtract {
  template <typename A>
  static A value(A a, A b) {
    return a - b;
  }
};
struct Multiply {
  template <typename A>
  static A value(A a, A b) {
    return a * b;
  }
};
struct Divide {
  template <typename A>
  static A value(A a, A b) {
    return a / b;
  }
};
struct Maximum {  // NaN in either is NaN
  template <typename A>
  static A value(A a, A b) {
    return a > b || a != a ? a : b;
  }
};
struct Minimum {
  template <typename A>
  static A value(A a, A b) {
    return a < b || a != a ? a : b;
  }
};
struct Equal {
  template <typename A>
  static bool value(A a, A b) {
    return a == b;
  }
};
struct Less {
  template <typename A>
  static bool value(A a, A b) {
    return a < b;
  }
};
struct Greater {
  template <typename A>
  static bool value(A a, A b) {
    return a > b;
  }
};

template <typename F>
void dispatch_binary(BinaryOp op, const F& f) {
  switch (op) {
    case BinaryOp::add: return f.template operator()<Add>();
    case BinaryOp::subtract: return f.template operator()<Subtract>();
    case BinaryOp::multiply: return f.template operator()<Multiply>();
    case BinaryOp::divide: return f.template operator()<Divide>();
    case BinaryOp::maximum: return f.template operator()<Maximum>();
    case BinaryOp::minimum: return f.template operator()<Minimum>();
    case BinaryOp::equal: return f.template operator()<Equal>();
    case BinaryOp::less: return f.template operator()<Less>();
    case BinaryOp::greater: return f.template operator()<Greater>();
  }
}

template <typename Op, typename T, typename R>
SMTRAIN_VECTORIZED void combine(const T* __restrict a, const T* __restrict b, R* __restrict y,
                                int64_t count) {
  using Acc = acc_t<T>;
  for (int64_t i = 0; i < count; ++i) y[i] = R(Op::value(Acc(a[i]), Acc(b[i])));
}

// y = op(a, b) along rows; operands that do not lie densely pass through a run on the stack.
template <typename Op, typename T>
void combine_strided(const BinaryArgs& args) {
  using R = std::conditional_t<std::is_same_v<decltype(Op::value(T(), T())), bool>, bool, T>;
  constexpr int64_t kRun = 512;
  StridedLoop<2> loop({args.a_layout, args.b_layout});
  loop.coalesce();
  if (loop.count() == 0) return;
  const auto row = loop.take_inner();
  const int64_t runs = (row.size + kRun - 1) / kRun;
  parallel_for(
      loop.count() * runs, grain_of(std::min(row.size, kRun)), [&](int64_t begin, int64_t end) {
        T gathered[2][kRun];
        for (int64_t run = begin; run < end; ++run) {
          const int64_t column = run % runs * kRun;
          const int64_t count = std::min(kRun, row.size - column);
          int64_t offsets[2];
          loop.offsets_at(run / runs, offsets);
          const T* operands[2] = {static_cast<const T*>(args.a), static_cast<const T*>(args.b)};
          for (int k = 0; k < 2; ++k) {
            operands[k] += offsets[k] + column * row.strides[k];
            if (row.strides[k] == 1) continue;
            gather(operands[k], row.strides[k], gathered[k], count);
            operands[k] = gathered[k];
          }
          combine<Op>(operands[0], operands[1],
                      static_cast<R*>(args.y) + run / runs * row.size + column, count);
        }
      });
}

}  // namespace

void binary(const BinaryArgs& a, Stream) {
  dispatch(a.dtype, [&]<typename T>() {
    dispatch_binary(a.op, [&]<typename Op>() {
      constexpr bool is_refused = std::is_same_v<Op, Divide> && std::is_integral_v<T>;  // by div()
      if constexpr (!is_refused) combine_strided<Op, T>(a);
    });
  });
}

}  // namespace smtrain::cpu
