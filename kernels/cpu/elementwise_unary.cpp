// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cpu/parallel.h"
#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/kernels/vectorize.h"

#include <cmath>

namespace smtrain::cpu {
namespace {

// Functions of x with, as derivative, a function of x and y = f(x). Integers know only those
// without a floating result.
struct Negate {
  template <typename A>
  static A value(A x) {
    return -x;
  }
  template <typename A>
  static A derivative(A, A) {
    return A(-1);
  }
};
struct Abs {
  template <typename A>
  static A value(A x) {
    return x < 0 ? -x : x;
  }
  template <typename A>
  static A derivative(A x, A) {
    return A((x > 0) - (x < 0));
  }
};
struct Square {
  template <typename A>
  static A value(A x) {
    return x * x;
  }
  template <typename A>
  static A derivative(A x, A) {
    return 2 * x;
  }
};
struct Relu {
  template <typename A>
  static A value(A x) {
    return x < 0 ? A(0) : x;  // NaN stays
  }
  template <typename A>
  static A derivative(A, A y) {
    return A(y > 0);
  }
};
struct Exp {
  template <typename A>
  static A value(A x) {
    return std::exp(x);
  }
  template <typename A>
  static A derivative(A, A y) {
    return y;
  }
};
struct Log {
  template <typename A>
  static A value(A x) {
    return std::log(x);
  }
  template <typename A>
  static A derivative(A x, A) {
    return 1 / x;
  }
};
struct Log1p {
  template <typename A>
  static A value(A x) {
    return std::log1p(x);
  }
  template <typename A>
  static A derivative(A x, A) {
    return 1 / (1 + x);
  }
};
struct Sqrt {
  template <typename A>
  static A value(A x) {
    return std::sqrt(x);
  }
  template <typename A>
  static A derivative(A, A y) {
    return 1 / (2 * y);
  }
};
struct Sigmoid {
  template <typename A>
  static A value(A x) {
    return 1 / (1 + std::exp(-x));
  }
  template <typename A>
  static A derivative(A, A y) {
    return y * (1 - y);
  }
};
struct Tanh {
  template <typename A>
  static A value(A x) {
    return std::tanh(x);
  }
  template <typename A>
  static A derivative(A, A y) {
    return 1 - y * y;
  }
};

// Calls f with the function's type.
template <typename F>
void dispatch_integer_unary(UnaryOp op, const F& f) {
  switch (op) {
    case UnaryOp::negate: return f.template operator()<Negate>();
    case UnaryOp::abs: return f.template operator()<Abs>();
    case UnaryOp::square: return f.template operator()<Square>();
    default: return f.template operator()<Relu>();
  }
}
template <typename F>
void dispatch_unary(UnaryOp op, const F& f) {
  switch (op) {
    case UnaryOp::exp: return f.template operator()<Exp>();
    case UnaryOp::log: return f.template operator()<Log>();
    case UnaryOp::log1p: return f.template operator()<Log1p>();
    case UnaryOp::sqrt: return f.template operator()<Sqrt>();
    case UnaryOp::sigmoid: return f.template operator()<Sigmoid>();
    case UnaryOp::tanh: return f.template operator()<Tanh>();
    default: return dispatch_integer_unary(op, f);
  }
}

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
      dispatch_unary(a.op, [&]<typename Op>() { run.template operator()<Op, T>(); });
    });
  } else {
    dispatch(a.dtype, [&]<typename T>() {
      if constexpr (std::is_integral_v<T>) {
        dispatch_integer_unary(a.op, [&]<typename Op>() { run.template operator()<Op, T>(); });
      }
    });
  }
}

void unary_backward(const UnaryBackwardArgs& a, Stream) {
  dispatch_floating(a.dtype, [&]<typename T>() {
    dispatch_unary(a.op, [&]<typename Op>() {
      const auto step = a.accumulate ? map_backward_add<Op, T> : map_backward<Op, T>;
      parallel_for(a.count, grain_of(1), [&](int64_t begin, int64_t end) {
        step(static_cast<const T*>(a.x) + begin, static_cast<const T*>(a.y) + begin,
             static_cast<const T*>(a.dy) + begin, static_cast<T*>(a.dx) + begin, end - begin);
      });
    });
  });
}

}  // namespace smtrain::cpu
