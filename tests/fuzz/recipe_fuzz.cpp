// SPDX-License-Identifier: Apache-2.0

// A text either is a recipe that survives being written and read again, or is refused in words.

#include "smtrain/apps/config/dump.h"
#include "smtrain/apps/config/recipe_reader.h"

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain::app;
  Recipe recipe;
  try {
    recipe = read_recipe({reinterpret_cast<const char*>(bytes), size_bytes}, "fuzz.yaml");
  } catch (const std::invalid_argument&) {
    return 0;
  }
  if (read_recipe(dump(recipe), "dump.yaml") != recipe) std::abort();
  return 0;
}
