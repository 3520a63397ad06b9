// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/residual.h"

#include "smtrain/engine/ops/arithmetic.h"

namespace smtrain::nn {

Residual::Residual(ModulePtr layers, ModulePtr shortcut)
    : layers_(register_child("layers", std::move(layers))) {
  if (shortcut != nullptr) shortcut_ = register_child("shortcut", std::move(shortcut));
}

Tensor Residual::forward(const Tensor& x) {
  const Tensor y = (*layers_)(x);
  const Tensor skipped = shortcut_ != nullptr ? (*shortcut_)(x) : x;
  check(y.shape() == skipped.shape(), "Residual: layers give ", y.shape(), ", the shortcut ",
        skipped.shape());
  return y + skipped;
}

}  // namespace smtrain::nn
