// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace smtrain::test {

/// One entry as POSIX' ustar format has it, its content padded to blocks.
inline std::string entry(const std::string& name, const std::string& content, char kind = '0') {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  put(124, size);
  put(148, "        ");
  header[156] = kind;
  put(257, std::string("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  put(148, std::string(text, 7) + " ");
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

/// Entries as a .tar.gz.
inline std::vector<uint8_t> archive(const std::string& entries) {
  return gzip(bytes_of(entries + std::string(1024, '\0')));
}

}  // namespace smtrain::test
