// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/host_device.h"

#include <cmath>

/// The functions behind UnaryOp, which every device computes: value(x), and derivative(x, y) where
/// y = value(x).
namespace smtrain::unary_functions {

struct Negate {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return -x;
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A) {
    return A(-1);
  }
};

struct Abs {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return x < 0 ? -x : x;
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A x, A) {
    return A((x > 0) - (x < 0));
  }
};

struct Square {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return x * x;
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A x, A) {
    return 2 * x;
  }
};

struct Relu {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return x < 0 ? A(0) : x;  // NaN stays
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A y) {
    return A(y > 0);
  }
};

struct Exp {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return std::exp(x);
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A y) {
    return y;
  }
};

struct Log {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return std::log(x);
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A x, A) {
    return 1 / x;
  }
};

struct Log1p {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return std::log1p(x);
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A x, A) {
    return 1 / (1 + x);
  }
};

struct Sqrt {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return std::sqrt(x);
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A y) {
    return 1 / (2 * y);
  }
};

struct Sigmoid {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return 1 / (1 + std::exp(-x));
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A y) {
    return y * (1 - y);
  }
};

struct Tanh {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A x) {
    return std::tanh(x);
  }
  template <typename A>
  SMTRAIN_HOST_DEVICE static A derivative(A, A y) {
    return 1 - y * y;
  }
};

/// Calls f.template operator()<Function>() for an op; of integers, which have no fractions, only
/// these are asked for.
template <typename F>
constexpr void dispatch_integer_unary(UnaryOp op, const F& f) {
  switch (op) {
    case UnaryOp::negate: return f.template operator()<Negate>();
    case UnaryOp::abs: return f.template operator()<Abs>();
    case UnaryOp::square: return f.template operator()<Square>();
    default: return f.template operator()<Relu>();
  }
}
/// The same for floating types.
template <typename F>
constexpr void dispatch_unary(UnaryOp op, const F& f) {
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

}  // namespace smtrain::unary_functions
