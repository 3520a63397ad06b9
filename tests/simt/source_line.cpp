// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/source_line.h"

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>

namespace smtrain::simt {
namespace {

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> part;
  while (const size_t bytes = std::fread(part.data(), 1, part.size(), pipe)) {
    output.append(part.data(), bytes);
  }
  pclose(pipe);
  return output;
}

bool is_emulation(const std::string& path) {
  return path.ends_with("simt/intrinsics.h") || path.ends_with("simt/simt.h") ||
         path.ends_with("simt/override/smtrain/kernels/cuda/device.cuh") ||
         path.find("/include/c++/") != std::string::npos;
}

// addr2line's "path:line (discriminator 1)".
SourceLine parsed(const std::string& text) {
  const size_t colon = text.find_last_of(':');
  const std::string path = text.substr(0, colon);
  return {path.substr(path.find_last_of('/') + 1),
          colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1)};
}

// The answer for each address begins with the address; a frame a line follows, innermost first.
std::vector<SourceLine> parse_answers(const std::string& output) {
  std::vector<SourceLine> lines;
  bool decided = true;
  std::istringstream stream(output);
  std::string text;
  while (std::getline(stream, text)) {
    if (text.starts_with("0x")) {
      lines.emplace_back();
      decided = false;
    } else if (!decided && !lines.empty()) {
      lines.back() = parsed(text);
      decided = !is_emulation(text.substr(0, text.find_last_of(':')));
    }
  }
  return lines;
}

}  // namespace

std::vector<SourceLine> source_lines(const std::vector<uintptr_t>& return_addresses) {
  std::vector<SourceLine> lines(return_addresses.size());
  std::map<std::string, std::vector<size_t>> by_file;
  std::vector<uintptr_t> offsets(return_addresses.size());
  for (size_t i = 0; i < return_addresses.size(); ++i) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(return_addresses[i]), &info) == 0) continue;
    offsets[i] = return_addresses[i] - 1 - reinterpret_cast<uintptr_t>(info.dli_fbase);
    by_file[info.dli_fname].push_back(i);
  }
  for (const auto& [file, indices] : by_file) {
    std::ostringstream command;
    command << "addr2line -a -i -e '" << file << "'" << std::hex;
    for (const size_t i : indices) command << " 0x" << offsets[i];
    const std::vector<SourceLine> answers = parse_answers(output_of(command.str()));
    for (size_t k = 0; k < indices.size() && k < answers.size(); ++k)
      lines[indices[k]] = answers[k];
  }
  return lines;
}

}  // namespace smtrain::simt
