// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/zip.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/compression.h"

#include <zlib.h>

#include <limits>
#include <utility>

namespace smtrain {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEndRecord = 0x06054b50;
constexpr uint32_t kEndRecord64 = 0x06064b50;
constexpr uint32_t kEndLocator64 = 0x07064b50;
constexpr size_t kEndRecordBytes = 22;
constexpr size_t kEndLocator64Bytes = 20;
constexpr size_t kCentralHeaderBytes = 46;
constexpr uint16_t kZip64Extra = 0x0001;
constexpr uint16_t kEncryptedFlag = 0x0001;
constexpr uint16_t kStored = 0, kDeflated = 8;
constexpr uint32_t kSaturated = std::numeric_limits<uint32_t>::max();  // "see the zip64 record"

struct CentralDirectory {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t entries = 0;
};

void expect_signature(ByteReader& in, uint32_t expected, std::string_view what) {
  const size_t offset = in.offset();
  if (in.little<uint32_t>(what) != expected) {
    bad_input(in.name(), ": expected a zip ", what, " at offset ", offset,
              ", found something else");
  }
}

/// The end record is the last thing in the archive but for a comment, whose length it states.
size_t find_end_record(std::span<const uint8_t> bytes, const std::string& name) {
  constexpr size_t kMaxComment = std::numeric_limits<uint16_t>::max();
  for (size_t comment = 0; comment <= kMaxComment; ++comment) {
    if (bytes.size() < kEndRecordBytes + comment) break;
    const size_t offset = bytes.size() - kEndRecordBytes - comment;
    ByteReader in(bytes, name);
    in.seek(offset, "end record");
    if (in.little<uint32_t>("end record") != kEndRecord) continue;
    in.seek(offset + kEndRecordBytes - 2, "end record");
    if (in.little<uint16_t>("comment length") == comment) return offset;
  }
  bad_input(name, ": not a zip archive, or truncated (no end record in ", bytes.size(), " bytes)");
}

CentralDirectory read_end_record64(ByteReader& in) {
  in.take(4, "zip64 locator disk");
  in.seek(in.little<uint64_t>("zip64 locator"), "zip64 end record");
  expect_signature(in, kEndRecord64, "zip64 end record");
  in.take(8 + 2 + 2, "zip64 end record");  // its size, version made by, version needed
  const auto disk = in.little<uint32_t>("disk number");
  const auto first_disk = in.little<uint32_t>("disk number");
  const auto entries_here = in.little<uint64_t>("entry count");
  CentralDirectory directory;
  directory.entries = in.little<uint64_t>("entry count");
  directory.size = in.little<uint64_t>("central directory size");
  directory.offset = in.little<uint64_t>("central directory offset");
  if (disk != 0 || first_disk != 0 || entries_here != directory.entries) {
    bad_input(in.name(), ": zip archives split over several files are not supported");
  }
  return directory;
}

CentralDirectory find_central_directory(std::span<const uint8_t> bytes, const std::string& name) {
  const size_t end = find_end_record(bytes, name);
  ByteReader in(bytes, name);
  if (end >= kEndLocator64Bytes) {
    in.seek(end - kEndLocator64Bytes, "zip64 locator");
    if (in.little<uint32_t>("zip64 locator") == kEndLocator64) return read_end_record64(in);
  }
  in.seek(end + 4, "end record");
  const auto disk = in.little<uint16_t>("disk number");
  const auto first_disk = in.little<uint16_t>("disk number");
  const auto entries_here = in.little<uint16_t>("entry count");
  CentralDirectory directory;
  directory.entries = in.little<uint16_t>("entry count");
  directory.size = in.little<uint32_t>("central directory size");
  directory.offset = in.little<uint32_t>("central directory offset");
  if (disk != 0 || first_disk != 0 || entries_here != directory.entries) {
    bad_input(name, ": zip archives split over several files are not supported");
  }
  return directory;
}

/// Replaces the saturated 32-bit fields of an entry by the 64-bit ones of its extra field, which
/// holds only those.
void read_zip64_extra(std::span<const uint8_t> extra, const std::string& archive, ZipEntry& entry) {
  ByteReader in(extra, archive + ": extra field of '" + entry.name + "'");
  while (in.remaining() >= 4) {
    const auto kind = in.little<uint16_t>("kind");
    ByteReader field(in.take(in.little<uint16_t>("length"), "field"), in.name());
    if (kind != kZip64Extra) continue;
    for (uint64_t* value : {&entry.size, &entry.packed_size, &entry.header_offset}) {
      if (*value == kSaturated) *value = field.little<uint64_t>("zip64 value");
    }
    return;
  }
}

ZipEntry read_central_header(ByteReader& in) {
  expect_signature(in, kCentralHeader, "central directory entry");
  in.take(2 + 2, "versions");
  const auto flags = in.little<uint16_t>("flags");
  ZipEntry entry;
  entry.method = in.little<uint16_t>("method");
  in.take(2 + 2, "time and date");
  entry.crc32 = in.little<uint32_t>("crc32");
  entry.packed_size = in.little<uint32_t>("packed size");
  entry.size = in.little<uint32_t>("size");
  const auto name_bytes = in.little<uint16_t>("name length");
  const auto extra_bytes = in.little<uint16_t>("extra length");
  const auto comment_bytes = in.little<uint16_t>("comment length");
  in.take(2 + 2 + 4, "disk and attributes");
  entry.header_offset = in.little<uint32_t>("header offset");
  entry.name = in.take_text(name_bytes, "name");
  read_zip64_extra(in.take(extra_bytes, "extra field"), in.name(), entry);
  in.take(comment_bytes, "comment");
  if ((flags & kEncryptedFlag) != 0)
    bad_input(in.name(), ": entry '", entry.name, "' is encrypted");
  return entry;
}

void check_sizes(const ZipEntry& entry, const std::string& archive) {
  if (entry.method != kStored && entry.method != kDeflated) {
    bad_input(archive, ": entry '", entry.name, "' uses compression method ", entry.method,
              ", expected 0 (stored) or 8 (deflated)");
  }
  const bool possible = entry.method == kStored ? entry.size == entry.packed_size
                                                : entry.size / kMaxInflation <= entry.packed_size;
  if (!possible) {
    bad_input(archive, ": entry '", entry.name, "' claims ", entry.size, " bytes, impossible for ",
              entry.packed_size, entry.method == kStored ? " stored" : " deflated", " bytes");
  }
}

}  // namespace

ZipReader::ZipReader(std::span<const uint8_t> bytes, std::string name)
    : bytes_(bytes), name_(std::move(name)) {
  const CentralDirectory directory = find_central_directory(bytes_, name_);
  ByteReader in(bytes_, name_);
  in.seek(directory.offset, "central directory");
  if (directory.entries > in.remaining() / kCentralHeaderBytes) {
    bad_input(name_, ": the end record claims ", directory.entries, " entries, there is room for ",
              in.remaining() / kCentralHeaderBytes);
  }
  entries_.reserve(directory.entries);
  uint64_t packed_total = 0;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    ZipEntry entry = read_central_header(in);
    if (entry.packed_size > bytes_.size() - packed_total) {
      bad_input(name_, ": entry '", entry.name,
                "' and those before it are larger than the archive (", bytes_.size(), " bytes)");
    }
    // Overlapping entries, the classic bomb, run into the check above.
    packed_total += entry.packed_size;
    check_sizes(entry, name_);
    if (!index_.emplace(entry.name, entries_.size()).second) {
      bad_input(name_, ": entry '", entry.name, "' appears twice");
    }
    entries_.push_back(std::move(entry));
  }
}

const ZipEntry* ZipReader::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

std::span<const uint8_t> ZipReader::packed_bytes(const ZipEntry& entry) const {
  ByteReader in(bytes_, name_ + ": entry '" + entry.name + "'");
  in.seek(entry.header_offset, "local header");
  expect_signature(in, kLocalHeader, "local header");
  in.take(22, "local header");  // repeats the central directory, or is zero
  const auto name_bytes = in.little<uint16_t>("name length");
  const auto extra_bytes = in.little<uint16_t>("extra length");
  in.take(uint64_t{name_bytes} + extra_bytes, "name and extra field");
  return in.take(entry.packed_size, "content");
}

std::vector<uint8_t> ZipReader::read(const ZipEntry& entry) const {
  std::vector<uint8_t> content(entry.size);
  read_into(entry, content);
  return content;
}

void ZipReader::read_into(const ZipEntry& entry, std::span<uint8_t> out) const {
  check(out.size() == entry.size, "ZipReader::read_into: '", entry.name, "' needs ", entry.size,
        " bytes, given ", out.size());
  const std::string name = name_ + ": entry '" + entry.name + "'";
  Decompressor source(packed_bytes(entry),
                      entry.method == kStored ? Compression::none : Compression::deflate, name);
  const size_t got = source.read(out);
  uint8_t beyond;
  if (got < out.size() || source.read({&beyond, 1}) != 0) {
    bad_input(name, ": unpacks to ", got < out.size() ? "fewer" : "more", " than the ", entry.size,
              " bytes it claims");
  }
  const auto actual = static_cast<uint32_t>(crc32_z(0, out.data(), out.size()));
  if (actual != entry.crc32) bad_input(name, ": CRC mismatch, the archive is damaged");
}

}  // namespace smtrain
