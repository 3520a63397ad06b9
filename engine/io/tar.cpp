// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/tar.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/compression.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

namespace smtrain {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBlock = 512;
constexpr uint64_t kMostEntries = 100'000;
constexpr uint64_t kMostBytes = uint64_t{4} << 30;
constexpr uint64_t kLongestName = 64 * 1024;  // of a header that holds a name

/// A header block, by the offsets of POSIX' ustar interchange format.
struct Header {
  std::array<char, kBlock> bytes{};

  std::string text(size_t offset, size_t length) const {
    const char* begin = bytes.data() + offset;
    return {begin, std::find(begin, begin + length, '\0')};
  }

  /// Octal digits, or, with the first bit set, GNU's big-endian number.
  uint64_t number(size_t offset, size_t length, const std::string& name) const {
    const auto* field = reinterpret_cast<const uint8_t*>(bytes.data()) + offset;
    uint64_t value = 0;
    if ((field[0] & 0x80) != 0) {
      for (size_t i = 1; i + 7 < length; ++i) {
        if (field[i] != 0) bad_input(name, ": a header's number is too large");
      }
      for (size_t i = length - 7; i < length; ++i) value = value << 8 | field[i];
      return value;
    }
    size_t start = 0;
    while (start < length && field[start] == ' ') ++start;
    for (size_t i = start; i < length && field[i] != 0 && field[i] != ' '; ++i) {
      if (field[i] < '0' || field[i] > '7') bad_input(name, ": a header's number is not octal");
      value = value << 3 | static_cast<uint64_t>(field[i] - '0');
    }
    return value;
  }

  bool is_zero() const {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
  }

  /// The sum of all bytes, those of its own field counted as spaces.
  uint64_t sum() const {
    uint64_t total = 8 * ' ';
    for (size_t i = 0; i < kBlock; ++i) {
      if (i < 148 || i >= 156) total += static_cast<uint8_t>(bytes[i]);
    }
    return total;
  }

  std::string name() const {
    const bool is_ustar = std::memcmp(bytes.data() + 257, "ustar\0", 6) == 0;
    const std::string prefix = is_ustar ? text(345, 155) : "";
    return prefix.empty() ? text(0, 100) : prefix + "/" + text(0, 100);
  }
};

/// "path" of a pax header: lines of "LENGTH KEY=VALUE\n".
std::string pax_path(const std::string& records, const std::string& name) {
  std::string path;
  for (size_t start = 0; start < records.size();) {
    const size_t space = records.find(' ', start);
    const std::string digits = records.substr(start, space - start);
    const bool is_number = !digits.empty() && digits.size() < 7 &&
                           std::all_of(digits.begin(), digits.end(),
                                       [](unsigned char c) { return c >= '0' && c <= '9'; });
    const size_t length = is_number && space != records.npos ? std::stoul(digits) : 0;
    if (length <= digits.size() + 1 || length > records.size() - start)
      bad_input(name, ": a pax header is damaged");
    const std::string record = records.substr(space + 1, length - digits.size() - 2);
    if (record.starts_with("path=")) path = record.substr(5);
    start += length;
  }
  return path;
}

/// A name from outside as a path below some folder.
std::string safe_name(const std::string& text, const std::string& archive) {
  if (text.find('\0') != std::string::npos) bad_input(archive, ": a name holds a NUL character");
  std::string safe;
  for (const fs::path& part : fs::path(text)) {
    if (part == ".." || part == "/") bad_input(archive, ": '", text, "' leads out of the archive");
    if (part != "." && !part.empty()) safe += (safe.empty() ? "" : "/") + part.string();
  }
  return safe;
}

class Archive {
 public:
  Archive(std::span<const uint8_t> bytes, std::string name)
      : unpacked_(bytes, Compression::gzip, name), name_(std::move(name)) {}

  void read(std::span<uint8_t> out) {
    if (unpacked_.read(out) < out.size()) bad_input(name_, ": the archive is truncated");
  }

  void skip(uint64_t count) {
    std::array<uint8_t, 16 * kBlock> ignored;
    while (count > 0) {
      const uint64_t part = std::min<uint64_t>(count, ignored.size());
      read({ignored.data(), part});
      count -= part;
    }
  }

  /// The next header; false at the end.
  bool next(Header& header) {
    const auto bytes = std::span(reinterpret_cast<uint8_t*>(header.bytes.data()), kBlock);
    const size_t count = unpacked_.read(bytes);
    if (count == 0) return false;
    if (count < kBlock) bad_input(name_, ": the archive is truncated");
    if (header.is_zero()) return false;
    if (header.sum() != header.number(148, 8, name_))
      bad_input(name_, ": this is not a tar archive, or a header is damaged");
    return true;
  }

  std::string read_text(uint64_t size) {
    if (size > kLongestName) bad_input(name_, ": a name has ", size, " bytes");
    std::string text(size, '\0');
    read({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    skip(padding(size));
    return text;
  }

  static uint64_t padding(uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

 private:
  Decompressor unpacked_;
  std::string name_;
};

}  // namespace

void read_tar_gz(
    std::span<const uint8_t> bytes, const std::string& name,
    const std::function<void(const TarEntry& entry, const TarReader& read)>& on_entry) {
  Archive archive(bytes, name);
  Header header;
  std::string long_name;  // of the next entry
  uint64_t total = 0;
  for (uint64_t entries = 0; archive.next(header); ++entries) {
    if (entries == kMostEntries) bad_input(name, ": more than ", kMostEntries, " entries");
    const uint64_t size = header.number(124, 12, name);
    const char kind = header.bytes[156];
    total += std::min(size, kMostBytes + 1);
    if (total > kMostBytes) bad_input(name, ": more than ", kMostBytes, " bytes");
    if (kind == 'L' || kind == 'x') {
      const std::string text = archive.read_text(size);
      long_name = kind == 'L' ? text.substr(0, text.find('\0')) : pax_path(text, name);
      continue;
    }
    const std::string entry_name = long_name.empty() ? header.name() : long_name;
    const bool is_old_folder = kind == '\0' && entry_name.ends_with('/');
    const bool is_file = (kind == '0' || kind == '\0' || kind == '7') && !is_old_folder;
    uint64_t left = size;
    if (is_file || is_old_folder || kind == '5') {
      const TarEntry entry{
          .name = safe_name(entry_name, name), .is_folder = !is_file, .size = is_file ? size : 0};
      on_entry(entry, [&](std::span<uint8_t> out) {
        if (out.size() > left) bad_input(name, ": ", entry.name, ": read beyond its end");
        archive.read(out);
        left -= out.size();
      });
    }
    archive.skip(left + Archive::padding(size));
    long_name.clear();
  }
}

}  // namespace smtrain
