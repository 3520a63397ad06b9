// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain {

/// What a zip archive's central directory says about one entry.
struct ZipEntry {
  std::string name;
  uint64_t size = 0;         // unpacked
  uint64_t packed_size = 0;  // as stored in the archive
  uint64_t header_offset = 0;
  uint32_t crc32 = 0;
  uint16_t method = 0;  // 0 stored, 8 deflated
};

/// Reads zip archives from outside (PyTorch checkpoints, .npz): the central directory with zip64,
/// stored and deflated entries. Nothing is written to disk; names are only names.
///
/// All checks precede the allocation that depends on them: entries lie inside the archive and do
/// not add up to more than it, names are unique, and an unpacked size is at most kMaxInflation
/// times the packed one. Throws BadInput naming the archive and the entry or offset.
class ZipReader {
 public:
  /// `bytes` must outlive the reader; `name` is what messages call the archive.
  ZipReader(std::span<const uint8_t> bytes, std::string name);

  /// In the order of the central directory.
  const std::vector<ZipEntry>& entries() const { return entries_; }

  /// The entry of that exact name, or null.
  const ZipEntry* find(std::string_view name) const;

  /// The unpacked content, its CRC verified.
  std::vector<uint8_t> read(const ZipEntry& entry) const;

  /// The same, into a place of exactly entry.size bytes.
  void read_into(const ZipEntry& entry, std::span<uint8_t> out) const;

 private:
  std::span<const uint8_t> packed_bytes(const ZipEntry& entry) const;

  std::span<const uint8_t> bytes_;
  std::string name_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace smtrain
