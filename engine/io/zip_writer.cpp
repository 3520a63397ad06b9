// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/zip_writer.h"

#include "smtrain/engine/error.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace smtrain {
namespace {

constexpr uint64_t kAlignment = 64;  // of an entry's data
constexpr size_t kLocalHeaderBytes = 30;
constexpr uint16_t kUtf8 = 0x0800, kDescriptorFollows = 0x0008;
constexpr uint16_t kMadeBy = 0x031e, kNeeded = 0x2d;  // of the archive: Unix 3.0, zip64
constexpr uint64_t kSaturated = std::numeric_limits<uint32_t>::max();  // "see the zip64 extra"
constexpr uint64_t kEndRecord64Rest = 44;  // its bytes behind its own size

/// A record under construction: integers least significant byte first.
class Record {
 public:
  Record& u16(uint64_t value) { return little(value, 2); }
  Record& u32(uint64_t value) { return little(value, 4); }
  Record& u64(uint64_t value) { return little(value, 8); }
  Record& text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  /// In 32 bits, or the mark that it is in the zip64 extra.
  Record& saturated_u32(uint64_t value) { return u32(std::min(value, kSaturated)); }
  Record& saturated_u16(uint64_t value) { return u16(std::min<uint64_t>(value, 0xffff)); }

  const std::string& bytes() const { return bytes_; }

 private:
  Record& little(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }

  std::string bytes_;
};

/// The extra field with what does not fit 32 bits; empty when everything does.
std::string zip64_extra(uint64_t size, uint64_t offset) {
  Record values;
  if (size >= kSaturated) values.u64(size).u64(size);  // unpacked and packed
  if (offset >= kSaturated) values.u64(offset);
  if (values.bytes().empty()) return "";
  return Record().u16(0x0001).u16(values.bytes().size()).text(values.bytes()).bytes();
}

/// An extra field "FB" of as many "Z" as move what follows it to the alignment.
std::string alignment_extra(uint64_t offset) {
  const uint64_t count = (kAlignment - (offset + 4) % kAlignment) % kAlignment;
  return Record().text("FB").u16(count).text(std::string(count, 'Z')).bytes();
}

}  // namespace

void ZipWriter::add(std::string name, std::initializer_list<std::span<const uint8_t>> parts) {
  check(name.size() <= std::numeric_limits<uint16_t>::max(), "ZipWriter: a name of ", name.size(),
        " bytes, expected at most 65535");
  Entry entry{.name = std::move(name), .offset = out_.size(), .size = 0, .crc32 = 0};
  uint64_t crc = 0;
  for (const auto part : parts) {
    entry.size += part.size();
    if (!part.empty()) crc = crc32_z(crc, part.data(), part.size());  // zlib takes null for "anew"
  }
  entry.crc32 = static_cast<uint32_t>(crc);
  write_local_header(entry);
  for (const auto part : parts) out_.write(part);
  if (has_descriptor(entry)) write_descriptor(entry);
  entries_.push_back(std::move(entry));
}

/// An empty entry needs none: its header says it all.
bool ZipWriter::has_descriptor(const Entry& entry) const {
  return layout_ == ZipLayout::pytorch && entry.size > 0;
}

uint16_t ZipWriter::flags_of(const Entry& entry) const {
  return has_descriptor(entry) ? kUtf8 | kDescriptorFollows : kUtf8;
}

void ZipWriter::write_local_header(const Entry& entry) {
  std::string extra = zip64_extra(entry.size, entry.offset);
  if (layout_ == ZipLayout::pytorch)
    extra += alignment_extra(entry.offset + kLocalHeaderBytes + entry.name.size() + extra.size());
  const bool known = !has_descriptor(entry);
  out_.write(Record()
                 .text("PK\3\4")
                 .u16(0)  // version
                 .u16(flags_of(entry))
                 .u16(0)  // stored
                 .u32(0)  // time and date
                 .u32(known ? entry.crc32 : 0)
                 .saturated_u32(known ? entry.size : 0)
                 .saturated_u32(known ? entry.size : 0)
                 .u16(entry.name.size())
                 .u16(extra.size())
                 .text(entry.name)
                 .text(extra)
                 .bytes());
}

void ZipWriter::write_descriptor(const Entry& entry) {
  Record descriptor;
  descriptor.text("PK\7\10").u32(entry.crc32);
  if (!zip64_extra(entry.size, entry.offset).empty()) {
    descriptor.u64(entry.size).u64(entry.size);
  } else {
    descriptor.u32(entry.size).u32(entry.size);
  }
  out_.write(descriptor.bytes());
}

void ZipWriter::write_central_directory() {
  for (const Entry& entry : entries_) {
    const std::string large = zip64_extra(entry.size, entry.offset);
    out_.write(Record()
                   .text("PK\1\2")
                   .u32(0)  // versions
                   .u16(flags_of(entry))
                   .u16(0)  // stored
                   .u32(0)  // time and date
                   .u32(entry.crc32)
                   .saturated_u32(entry.size)
                   .saturated_u32(entry.size)
                   .u16(entry.name.size())
                   .u16(large.size())
                   .u16(0)  // comment
                   .u64(0)  // disk, attributes
                   .saturated_u32(entry.offset)
                   .text(entry.name)
                   .text(large)
                   .bytes());
  }
}

void ZipWriter::finish() {
  const uint64_t begin = out_.size();
  write_central_directory();
  const uint64_t end = out_.size();
  out_.write(Record()
                 .text("PK\6\6")
                 .u64(kEndRecord64Rest)
                 .u16(kMadeBy)
                 .u16(kNeeded)
                 .u64(0)  // disks
                 .u64(entries_.size())
                 .u64(entries_.size())
                 .u64(end - begin)
                 .u64(begin)
                 .text("PK\6\7")
                 .u32(0)  // disk
                 .u64(end)
                 .u32(1)  // disks
                 .text("PK\5\6")
                 .u32(0)  // disks
                 .saturated_u16(entries_.size())
                 .saturated_u16(entries_.size())
                 .saturated_u32(end - begin)
                 .saturated_u32(begin)
                 .u16(0)  // comment
                 .bytes());
}

}  // namespace smtrain
