// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/error.h"
#include "smtrain/tests/shared_data.h"

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace smtrain::test {

/// Runs tests/<script> on a folder with the system's Python. False when there is none, or the
/// script says by exit status 77 that it lacks a library. Throws std::runtime_error when it fails
/// otherwise; what it printed says why.
inline bool run_python(const std::string& script, const std::filesystem::path& folder) {
  constexpr int kNoLibrary = 77, kNoProgram = 127;
  const std::string command =
      "/usr/bin/python3 " + (source_dir() / "tests" / script).string() + " " + folder.string();
  const int status = std::system(command.c_str());
  if (status == -1 || WEXITSTATUS(status) == kNoLibrary || WEXITSTATUS(status) == kNoProgram)
    return false;
  if (status != 0) fail(script, " failed with status ", WEXITSTATUS(status));
  return true;
}

}  // namespace smtrain::test
