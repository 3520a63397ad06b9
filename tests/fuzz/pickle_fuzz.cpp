// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_reader.h"

#include <stdexcept>

/// Any bytes are a pickle or an error that names the opcode.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::ByteReader in({bytes, size_bytes}, "x");
    smtrain::nn::read_pickle(in);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
