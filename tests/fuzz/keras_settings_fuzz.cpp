// SPDX-License-Identifier: Apache-2.0

// A keras.json is taken into a recipe or refused in words.

#include "smtrain/apps/config/keras_settings.h"
#include "smtrain/apps/config/recipe_reader.h"

#include <cstdint>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain::app;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size_bytes);
  try {
    read_recipe("model: net\ndata: {train: a}\nkeras: {}\n", "fuzz.yaml", {}, {},
                [text] { return parse_keras_settings(text, "keras.json"); });
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
