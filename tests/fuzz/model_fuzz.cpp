// SPDX-License-Identifier: Apache-2.0

// Any model.safetensors is a model with its card, or is refused in words.

#include "smtrain/apps/model/model_file.h"
#include "smtrain/tests/temporary_directory.h"

#include <cstdint>
#include <fstream>
#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain;
  static const test::TemporaryDirectory folder;
  std::ofstream(folder / "model.safetensors")
      .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size_bytes));
  try {
    app::load_model(folder.path());
  } catch (const std::runtime_error&) {
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
