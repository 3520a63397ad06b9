// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

namespace smtrain {

// Functions of every element. The result lies in memory as x does where x is dense. Those in the
// first group take every dtype but bool, the others floating ones.

Tensor neg(const Tensor& x);
Tensor abs(const Tensor& x);  // gradient 0 at 0
Tensor square(const Tensor& x);
Tensor relu(const Tensor& x);  // gradient 0 at 0; NaN stays

Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor log1p(const Tensor& x);  // log(1 + x), exact for small x
Tensor sqrt(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor tanh(const Tensor& x);

inline Tensor operator-(const Tensor& x) { return neg(x); }

}  // namespace smtrain
