// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "smtrain/nn/formats/safetensors.h"

/// Any bytes are tensors or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::nn::read_safetensors({bytes, size_bytes}, "x");
  } catch (const std::runtime_error&) {
  }
  return 0;
}
