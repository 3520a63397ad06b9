// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/json.h"
#include "smtrain/apps/python_text.h"
#include "smtrain/apps/sagemaker/hyperparameters.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// The file of hyperparameters, and what becomes of their values on the way into variables.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes), size_bytes);
  std::vector<std::string> warnings;
  try {
    for (const auto& value : smtrain::app::parse_hyperparameters(text, "fuzz", warnings)) {
      const smtrain::app::Json decoded = smtrain::app::json_or_text(value.text);
      smtrain::app::compact_json(decoded);
      smtrain::app::python_text(decoded);
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
