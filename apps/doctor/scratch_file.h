// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/error.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace smtrain::app {

/// The folder for temporary files. Throws std::runtime_error naming it when it is none.
inline std::filesystem::path scratch_folder() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (!error) return folder;
  const char* chosen = std::getenv("TMPDIR");
  fail(chosen == nullptr ? "/tmp" : std::string("TMPDIR ") + chosen, ": ", error.message());
}

/// An empty file in the folder for temporary files that has no name any more: whatever happens,
/// nothing of it is left.
class ScratchFile {
 public:
  /// Throws std::runtime_error naming the folder in which no file can be made.
  ScratchFile() {
    const std::filesystem::path folder = scratch_folder();
    std::string path = (folder / "smtrain-doctor-XXXXXX").string();
    descriptor_ = ::mkstemp(path.data());
    if (descriptor_ < 0) fail_with(folder.string(), "no file can be made");
    ::unlink(path.c_str());
  }
  ~ScratchFile() { ::close(descriptor_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  int descriptor() const { return descriptor_; }

  /// Throws std::runtime_error in the words of the system's last error.
  [[noreturn]] static void fail_with(const std::string& what, const char* problem) {
    fail(what, ": ", problem, ": ", system_message());
  }

 private:
  int descriptor_ = -1;
};

}  // namespace smtrain::app
