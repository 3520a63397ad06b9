// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/tar.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  try {
    smtrain::read_tar_gz({bytes, size_bytes}, "fuzz",
                         [](const smtrain::TarEntry& entry, const smtrain::TarReader& read) {
                           std::vector<uint8_t> start(std::min<uint64_t>(entry.size, 4096));
                           read(start);
                         });
  } catch (const std::runtime_error&) {
  }
  return 0;
}
