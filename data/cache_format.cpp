// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/cache_format.h"

#include "smtrain/engine/error.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace smtrain::data {
namespace {

constexpr std::string_view kMagic = "smtrain cache 1\n";
constexpr size_t kKeyBytes = 64;

struct Footer {
  std::array<char, kMagic.size()> magic;
  std::array<char, kKeyBytes> key;
  uint64_t count;
  uint64_t crc;

  bool operator==(const Footer&) const = default;
};

static_assert(sizeof(Footer) == kMagic.size() + kKeyBytes + 16 && sizeof(CacheEntry) == 24);

Footer make_footer(std::string_view key, int64_t count, uint64_t crc) {
  check(key.size() == kKeyBytes, "cache: expected a key of ", kKeyBytes, " characters, got ",
        key.size());
  Footer footer{.count = static_cast<uint64_t>(count), .crc = crc};
  std::ranges::copy(kMagic, footer.magic.begin());
  std::ranges::copy(key, footer.key.begin());
  return footer;
}

uint64_t crc_of(std::span<const uint8_t> bytes, uint64_t before = 0) {
  if (bytes.empty()) return before;  // zlib would start anew at a null address
  return ::crc32_z(before, bytes.data(), bytes.size());
}

uint64_t size_bytes_of(const CacheEntry& entry) {
  return entry.error_bytes > 0 ? entry.error_bytes
                               : uint64_t{entry.height} * entry.width * entry.channels;
}

template <typename T>
std::span<const uint8_t> bytes_of_values(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

}  // namespace

void write_cache(FileWriter& out, std::string_view key, int64_t count,
                 const std::function<CachedImage(int64_t)>& image) {
  uint64_t offset = 0, crc = 0;
  const auto write = [&](std::span<const uint8_t> bytes) {
    out.write(bytes);
    crc = crc_of(bytes, crc);
  };

  std::vector<CacheEntry> entries;
  for (int64_t i = 0; i < count; ++i) {
    const CachedImage cached = image(i);
    CacheEntry entry{.offset = offset};
    if (const auto* picture = std::get_if<Image>(&cached)) {
      entry.height = static_cast<uint32_t>(picture->height);
      entry.width = static_cast<uint32_t>(picture->width);
      entry.channels = static_cast<uint32_t>(picture->channels);
      write(picture->pixels);
    } else {
      const auto& error = std::get<std::string>(cached);
      entry.error_bytes = static_cast<uint32_t>(error.size());
      write(bytes_of(error));
    }
    offset += size_bytes_of(entry);
    entries.push_back(entry);
  }
  write(bytes_of_values<CacheEntry>(entries));
  const Footer footer = make_footer(key, count, crc);
  out.write(bytes_of_values<Footer>({&footer, 1}));
}

std::optional<std::vector<CacheEntry>> read_cache(std::span<const uint8_t> bytes,
                                                  std::string_view key, int64_t count) {
  const uint64_t entries_bytes = static_cast<uint64_t>(count) * sizeof(CacheEntry);
  if (bytes.size() < entries_bytes + sizeof(Footer)) return std::nullopt;
  const auto checked = bytes.first(bytes.size() - sizeof(Footer));
  Footer footer;
  std::memcpy(&footer, bytes.data() + checked.size(), sizeof(Footer));
  if (footer != make_footer(key, count, crc_of(checked))) return std::nullopt;

  const uint64_t pictures_bytes = checked.size() - entries_bytes;
  std::vector<CacheEntry> entries(static_cast<size_t>(count));
  if (count > 0) std::memcpy(entries.data(), checked.data() + pictures_bytes, entries_bytes);
  uint64_t offset = 0;  // each picture begins where the one before it ends
  for (const CacheEntry& entry : entries) {
    const uint64_t plane = uint64_t{entry.height} * entry.width;
    if (entry.offset != offset || entry.channels > 4 || plane > pictures_bytes ||
        size_bytes_of(entry) > pictures_bytes - offset) {
      return std::nullopt;
    }
    offset += size_bytes_of(entry);
  }
  if (offset != pictures_bytes) return std::nullopt;
  return entries;
}

}  // namespace smtrain::data
