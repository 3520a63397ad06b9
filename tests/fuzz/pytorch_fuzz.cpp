// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/tensor.h"
#include "smtrain/nn/formats/pytorch.h"

#include <cstdlib>
#include <stdexcept>

namespace {

/// Reads the first and the last byte.
void reach_ends(const smtrain::Tensor& tensor) {
  if (tensor.numel() == 0) return;
  int64_t last = 0;
  for (int dim = 0; dim < tensor.ndim(); ++dim) {
    last += (tensor.size(dim) - 1) * tensor.strides()[dim];
  }
  const size_t element_bytes = size_of(tensor.dtype());
  const auto* first = static_cast<const volatile uint8_t*>(tensor.data());
  static_cast<void>(first[0]);
  static_cast<void>(first[static_cast<size_t>(last + 1) * element_bytes - 1]);
}

}  // namespace

/// Any bytes are a state dict whose tensors lie in memory of ours, or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::nn::PytorchFile file({bytes, size_bytes}, "x");
    for (const auto& [name, tensor] : file.state_dict()) {
      reach_ends(tensor);
    }
  } catch (const std::runtime_error&) {
  }
  return 0;
}
