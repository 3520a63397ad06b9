// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/safetensors.h"

#include <stdexcept>

/// Any bytes are tensors or an error that names the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::nn::read_safetensors({bytes, size_bytes}, "x");
  } catch (const std::runtime_error&) {
  }
  return 0;
}
