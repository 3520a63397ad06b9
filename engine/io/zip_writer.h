// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace smtrain {

/// Where an archive keeps what it knows of an entry.
enum class ZipLayout : uint8_t {
  /// Sizes and CRC before the data, for readers that go from entry to entry.
  plain,
  /// Byte for byte what PyTorch 1.13 writes: data begin at multiples of 64 (so that they can be
  /// mapped), sizes and CRC follow them, and zip64 records come at the end whatever the size.
  pytorch,
};

/// Writes zip archives of stored entries, with dates of 0.
class ZipWriter {
 public:
  /// `out` must outlive the writer and be empty.
  ZipWriter(FileWriter& out, ZipLayout layout) : out_(out), layout_(layout) {}

  /// An entry whose content is the parts, one after the other. Throws std::invalid_argument when
  /// the name is longer than 65,535 bytes.
  void add(std::string name, std::initializer_list<std::span<const uint8_t>> parts);
  void add(std::string name, std::span<const uint8_t> content) { add(std::move(name), {content}); }

  /// Writes the central directory; nothing can be added afterwards.
  void finish();

 private:
  struct Entry {
    std::string name;
    uint64_t offset;
    uint64_t size;
    uint32_t crc32;
  };

  bool has_descriptor(const Entry& entry) const;
  uint16_t flags_of(const Entry& entry) const;
  void write_local_header(const Entry& entry);
  void write_descriptor(const Entry& entry);
  void write_central_directory();

  FileWriter& out_;
  ZipLayout layout_;
  std::vector<Entry> entries_;
};

}  // namespace smtrain
