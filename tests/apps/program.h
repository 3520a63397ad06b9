// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::test {

/// What the smtrain program did.
struct ProgramResult {
  int exit_code = 0;  // -N when signal N ended it
  std::string out, err;
  int64_t peak_memory_bytes = 0;
};

struct ProgramOptions {
  std::string standard_output;                // a file that it goes to; empty: ProgramResult::out
  bool closed_output = false;                 // started without a standard output
  uint64_t max_file_bytes = 0;                // larger files can't be written; 0: no limit
  std::vector<std::string> environment = {};  // "NAME=value" added to this process' own
};

/// Runs smtrain with these arguments.
ProgramResult run_program(const std::vector<std::string>& arguments,
                          const ProgramOptions& options = {});

}  // namespace smtrain::test
