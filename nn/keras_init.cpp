// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/keras_init.h"

#include "smtrain/nn/init.h"

namespace smtrain::nn {

void initialize_as_keras(Module& model, Generator& generator) {
  for (const auto& [name, parameter] : model.named_parameters()) {
    auto* values = parameter.data<float>();
    if (parameter.ndim() >= 2) {
      init::xavier_uniform(values, parameter.numel(), init::fans(parameter.shape()),
                           init::kLinearGain, generator);
    } else if (name.ends_with("bias")) {
      init::constant(values, parameter.numel(), 0);
    }
  }
}

}  // namespace smtrain::nn
