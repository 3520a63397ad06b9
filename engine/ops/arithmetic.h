// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

// Elementwise arithmetic of two tensors of one dtype, whose shapes broadcast as PyTorch's do. Two
// channels-last operands give a channels-last result, all others a row-major one. All throw
// std::invalid_argument naming the operation when shapes, dtypes or devices do not fit.

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);

/// Floating types only.
Tensor div(const Tensor& a, const Tensor& b);

/// NaN in either is NaN. Where both are equal each gets half of the gradient.
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor minimum(const Tensor& a, const Tensor& b);

/// Comparisons, as bool tensors without gradient.
Tensor equal(const Tensor& a, const Tensor& b);
Tensor less(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);

/// x * scale + shift. The numbers are rounded to the type that x's dtype computes in; throws
/// std::invalid_argument when x holds integers and a number is not whole.
Tensor affine(const Tensor& x, double scale, double shift);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }

inline Tensor operator+(const Tensor& x, double shift) { return affine(x, 1, shift); }
inline Tensor operator+(double shift, const Tensor& x) { return affine(x, 1, shift); }
inline Tensor operator-(const Tensor& x, double shift) { return affine(x, 1, -shift); }
inline Tensor operator-(double shift, const Tensor& x) { return affine(x, -1, shift); }
inline Tensor operator*(const Tensor& x, double scale) { return affine(x, scale, 0); }
inline Tensor operator*(double scale, const Tensor& x) { return affine(x, scale, 0); }
Tensor operator/(const Tensor& x, double divisor);
Tensor operator/(double dividend, const Tensor& x);

}  // namespace smtrain
