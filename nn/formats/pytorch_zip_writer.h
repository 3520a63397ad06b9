// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// Writes zip archives byte for byte as PyTorch 1.13 does: stored entries whose data begin at
/// multiples of 64 (so that they can be mapped), sizes and CRC behind the data, dates of 0, and
/// zip64 records at the end whatever the size.
class PytorchZipWriter {
 public:
  /// Entries go below `folder`. `out` must outlive the writer and be empty.
  PytorchZipWriter(FileWriter& out, std::string folder);

  void add(std::string_view record, std::span<const uint8_t> content);

  /// Writes the central directory; nothing can be added afterwards.
  void finish();

 private:
  struct Entry {
    std::string name;
    uint64_t offset;
    uint64_t size;
    uint32_t crc32;
  };

  void write_descriptor(const Entry& entry, bool large);
  void write_central_directory();

  FileWriter& out_;
  std::string folder_;
  std::vector<Entry> entries_;
};

}  // namespace smtrain::nn
