// SPDX-License-Identifier: Apache-2.0

#include <smtrain/smtrain.h>

/// How many parameters a small model has: enough of the engine to pull its parts into a library.
extern "C" __attribute__((visibility("default"))) int plugin_parameter_count() {
  const auto model = smtrain::nn::sequential({smtrain::nn::conv2d(1, 8, 3), smtrain::nn::relu()});
  return static_cast<int>(model->parameters().size());
}
