// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device_plans.h"
#include "smtrain/engine/error.h"

/// Any bytes are plans or an error that names the line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::parse_device_plans({reinterpret_cast<const char*>(bytes), size_bytes}, "x");
  } catch (const smtrain::BadInput&) {
  }
  return 0;
}
