// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/npz.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::parse_npz({bytes, size_bytes}, "fuzz");
  } catch (const std::runtime_error&) {
  }
  return 0;
}
