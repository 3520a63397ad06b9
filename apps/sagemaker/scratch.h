// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace smtrain::app {

/// A folder below TMPDIR or /tmp for what is needed for a moment; gone with the object.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Makes the folder when it is first asked for. Throws std::runtime_error naming what can't be
  /// made.
  const std::filesystem::path& folder();

 private:
  std::filesystem::path folder_;
};

}  // namespace smtrain::app
