// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::simt {

/// Where in the sources an instruction comes from.
struct SourceLine {
  std::string file;  // without folders
  int line = 0;

  std::string text() const { return file + ":" + std::to_string(line); }
};

/// For return addresses of calls: the innermost line outside tests/simt's own headers. Asks
/// addr2line, so the program is compiled with -g.
std::vector<SourceLine> source_lines(const std::vector<uintptr_t>& return_addresses);

}  // namespace smtrain::simt
