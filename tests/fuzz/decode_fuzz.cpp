// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <stdexcept>

#include "smtrain/data/decode.h"

// Any bytes give a picture or a runtime_error. Pictures stay small, so that a run gets far.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    smtrain::data::decode({data, size}, "fuzz",
                          {.apply_exif_orientation = true, .max_pixels = 1 << 18});
  } catch (const std::runtime_error&) {
  }
  return 0;
}
