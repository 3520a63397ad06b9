// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"

#include <stdexcept>

/// Any bytes are a Keras model, whose weights fit ours or don't, or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain::nn;
  static const auto model = sequential({conv2d(1, 2, 2), flatten(), linear(8, 2)});
  static const Graph graph = trace(*model, {1, 3, 3});
  try {
    keras_state_dict(read_keras({bytes, size_bytes}, "x"), graph);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
