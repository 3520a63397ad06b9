// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"

#include <stdexcept>

/// Any bytes are arrays, which fit our model or don't, or a symbol, which fits its arrays or
/// doesn't, or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain::nn;
  static const auto model = sequential({conv2d(1, 2, 2), flatten(), linear(8, 2)});
  static const Graph graph = trace(*model, {1, 3, 3});
  static const StateDict arrays = mxnet_model(graph).arrays;
  try {
    mxnet_state_dict(read_mxnet_params({bytes, size_bytes}, "x"), "x", graph);
  } catch (const std::runtime_error&) {
  }
  try {
    const std::string_view json(reinterpret_cast<const char*>(bytes), size_bytes);
    const MxnetSymbol symbol = parse_mxnet_symbol(json, "x");
    mxnet_state_dict(arrays, "x", graph, &symbol);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
