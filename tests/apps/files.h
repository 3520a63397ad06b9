// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"

#include <filesystem>
#include <map>
#include <string>

namespace smtrain::test {

/// What a file holds.
inline std::string text_of(const std::filesystem::path& file) {
  const auto bytes = read_file(file, uint64_t{1} << 30);
  return {bytes.begin(), bytes.end()};
}

/// Names below a folder, in order, with the SHA-256 of each file.
inline std::map<std::string, std::string> files_below(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    files[name] = entry.is_regular_file() ? sha256(bytes_of(text_of(entry.path()))) : "a folder";
  }
  return files;
}

}  // namespace smtrain::test
