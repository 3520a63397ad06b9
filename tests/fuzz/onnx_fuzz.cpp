// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/residual.h"
#include "smtrain/nn/layers/sequential.h"

#include <stdexcept>

namespace {

/// The model of the corpus's files.
smtrain::nn::Graph small_graph() {
  using namespace smtrain::nn;
  const auto block = sequential({conv2d(2, 2, 1, {}, /*bias=*/false), batch_norm2d(2)});
  const auto model = sequential({conv2d(1, 2, 3, {.stride = 2, .padding = 1}), batch_norm2d(2),
                                 relu(), std::make_shared<Residual>(block), relu(), flatten(),
                                 linear(8, 2), log_softmax()});
  return trace(*model, {1, 4, 4});
}

}  // namespace

/// Any bytes are tensors and a model's weights, or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  static const smtrain::nn::Graph graph = small_graph();
  try {
    smtrain::nn::read_onnx({bytes, size_bytes}, "x");
  } catch (const smtrain::BadInput&) {
  }
  try {
    smtrain::nn::read_onnx({bytes, size_bytes}, "x", graph);
  } catch (const smtrain::BadInput&) {
  }
  return 0;
}
