// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/elementwise.h"
#include "smtrain/kernels/host_device.h"

/// The functions behind BinaryOp, which every device computes.
namespace smtrain::binary_functions {

struct Add {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a + b;
  }
};

struct Subtract {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a - b;
  }
};

struct Multiply {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a * b;
  }
};

struct Divide {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a / b;
  }
};

struct Maximum {  // NaN in either is NaN
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a > b || a != a ? a : b;
  }
};

struct Minimum {
  template <typename A>
  SMTRAIN_HOST_DEVICE static A value(A a, A b) {
    return a < b || a != a ? a : b;
  }
};

struct Equal {
  template <typename A>
  SMTRAIN_HOST_DEVICE static bool value(A a, A b) {
    return a == b;
  }
};

struct Less {
  template <typename A>
  SMTRAIN_HOST_DEVICE static bool value(A a, A b) {
    return a < b;
  }
};

struct Greater {
  template <typename A>
  SMTRAIN_HOST_DEVICE static bool value(A a, A b) {
    return a > b;
  }
};

/// Calls f.template operator()<Function>() for an op.
template <typename F>
constexpr void dispatch_binary(BinaryOp op, const F& f) {
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

}  // namespace smtrain::binary_functions
