// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace smtrain::test {

/// The repository, or what SMTRAIN_SOURCE_DIR names in its place, as the bundle's copy of its
/// files.
inline std::filesystem::path source_dir() {
  const char* chosen = std::getenv("SMTRAIN_SOURCE_DIR");
  return chosen != nullptr ? chosen : SMTRAIN_SOURCE_DIR;
}

/// A folder of the data sets that are too large for the repository ("mnist", "cats"), or nothing
/// when it is absent: then a test skips and says so. They are looked for in ../shared/data beside
/// the checkout, or in SMTRAIN_SHARED_DATA: whoever sets that says that they are there, so then a
/// missing one throws std::runtime_error.
inline std::optional<std::filesystem::path> shared_data(const std::string& name) {
  const char* root = std::getenv("SMTRAIN_SHARED_DATA");
  const auto path =
      (root != nullptr ? std::filesystem::path(root) : source_dir() / "../shared/data") / name;
  if (std::filesystem::is_directory(path)) return path;
  if (root != nullptr) throw std::runtime_error("SMTRAIN_SHARED_DATA has no folder " + name);
  return std::nullopt;
}

/// A small file that is part of the repository: tests/goldens/<name>.
inline std::filesystem::path golden(const std::string& name) {
  return source_dir() / "tests/goldens" / name;
}

}  // namespace smtrain::test
