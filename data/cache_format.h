// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"
#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// How a cache stores pictures, in a file or in memory, in this machine's byte order:
//
//   pictures   pixels, or the text of an error, one after the other without gaps
//   entries    one CacheEntry for each
//   footer     magic and version, key, count, CRC-32 of all before it
namespace smtrain::data {

/// A picture, or what went wrong when it was read.
using CachedImage = std::variant<Image, std::string>;

/// Where in a cache one picture or its error is.
struct CacheEntry {
  uint64_t offset = 0;  // of the pixels or the text
  uint32_t height = 0, width = 0, channels = 0;
  uint32_t error_bytes = 0;  // of the text; 0: there are pixels
};

/// Writes `count` pictures; image(0), image(1), ... are called in this order.
void write_cache(FileWriter& out, std::string_view key, int64_t count,
                 const std::function<CachedImage(int64_t)>& image);

/// The entries of a cache, or nothing when the bytes are not an undamaged cache of `count` pictures
/// with this key. What the entries point to lies within the bytes.
std::optional<std::vector<CacheEntry>> read_cache(std::span<const uint8_t> bytes,
                                                  std::string_view key, int64_t count);

}  // namespace smtrain::data
