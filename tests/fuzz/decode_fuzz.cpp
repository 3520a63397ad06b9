// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decode.h"

#include <cstdint>
#include <stdexcept>

// Any bytes give a picture or a runtime_error. Pictures stay small, so that a run gets far.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    smtrain::data::decode({data, size}, "fuzz",
                          {.apply_exif_orientation = true, .max_pixels = 1 << 18});
  } catch (const std::runtime_error&) {
  }
  return 0;
}
