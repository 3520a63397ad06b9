// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/exif.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace smtrain::data {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const uint8_t>;

// An integer of `size` bytes at `offset`; 0 outside of `bytes`.
uint32_t integer_at(Bytes bytes, size_t offset, size_t size, bool big_endian) {
  if (bytes.size() < size || offset > bytes.size() - size) return 0;
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i)
    value = value << 8 | bytes[offset + (big_endian ? i : size - 1 - i)];
  return value;
}

bool has(Bytes bytes, size_t offset, std::string_view text) {
  if (bytes.size() < text.size() || offset > bytes.size() - text.size()) return false;
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + offset, text.size()) ==
         text;
}

// What follows `offset`, at most `size` bytes.
Bytes part(Bytes bytes, size_t offset, size_t size) {
  offset = std::min(offset, bytes.size());
  return bytes.subspan(offset, std::min(size, bytes.size() - offset));
}

// Segments before the scan: FF, marker, length (which counts itself) in two bytes.
Bytes find_in_jpeg(Bytes file) {
  constexpr uint8_t kApp1 = 0xe1, kStartOfScan = 0xda;
  for (size_t at = 2; at + 4 <= file.size() && file[at] == 0xff && file[at + 1] != kStartOfScan;) {
    if (file[at + 1] == 0xff) {  // fill byte
      ++at;
      continue;
    }
    const size_t length = integer_at(file, at + 2, 2, true);
    if (length < 2) break;
    if (file[at + 1] == kApp1 && has(file, at + 4, "Exif\0\0"sv))
      return part(file, at + 4, length - 2);
    at += 2 + length;
  }
  return {};
}

// Chunks: length, type, data, checksum.
Bytes find_in_png(Bytes file) {
  for (size_t at = 8; at + 12 <= file.size();) {
    const size_t length = integer_at(file, at, 4, true);
    if (has(file, at + 4, "eXIf"sv)) return part(file, at + 8, length);
    at += 12 + length;
  }
  return {};
}

// Chunks: type, length, data padded to an even length.
Bytes find_in_webp(Bytes file) {
  for (size_t at = 12; at + 8 <= file.size();) {
    const size_t length = integer_at(file, at + 4, 4, false);
    if (has(file, at, "EXIF"sv)) return part(file, at + 8, length);
    at += 8 + length + length % 2;
  }
  return {};
}

Bytes find_exif(Bytes file) {
  if (has(file, 0, "\xff\xd8"sv)) return find_in_jpeg(file);
  if (has(file, 0, "\x89PNG"sv)) return find_in_png(file);
  if (has(file, 0, "RIFF"sv) && has(file, 8, "WEBP"sv)) return find_in_webp(file);
  return {};
}

}  // namespace

int exif_orientation(std::span<const uint8_t> file) {
  Bytes exif = find_exif(file);
  if (has(exif, 0, "Exif\0\0"sv)) exif = exif.subspan(6);
  const bool big_endian = has(exif, 0, "MM\0*"sv);
  if (!big_endian && !has(exif, 0, "II*\0"sv)) return 1;

  // The first directory: a count, then entries of 12 bytes: tag, type, count, value.
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  const size_t directory = integer_at(exif, 4, 4, big_endian);
  const size_t entries = integer_at(exif, directory, 2, big_endian);
  for (size_t entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    if (integer_at(exif, entry, 2, big_endian) != kOrientation) continue;
    if (integer_at(exif, entry + 2, 2, big_endian) != kShort) return 1;
    const uint32_t value = integer_at(exif, entry + 8, 2, big_endian);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image turn_upright(Image image, int orientation) {
  check(orientation >= 1 && orientation <= 8, "turn_upright: orientation must be 1 to 8, got ",
        orientation);
  if (orientation == 1) return image;
  const bool exchange = orientation >= 5;
  const bool flip_rows =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_columns =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;

  Image upright{image.height, image.width, image.channels,
                std::vector<uint8_t>(image.pixels.size())};
  if (exchange) std::swap(upright.height, upright.width);
  uint8_t* out = upright.pixels.data();
  for (int64_t y = 0; y < upright.height; ++y) {
    for (int64_t x = 0; x < upright.width; ++x) {
      int64_t row = exchange ? x : y, column = exchange ? y : x;
      if (flip_rows) row = image.height - 1 - row;
      if (flip_columns) column = image.width - 1 - column;
      const uint8_t* in = &image.pixels[(row * image.width + column) * image.channels];
      out = std::copy_n(in, image.channels, out);
    }
  }
  return upright;
}

}  // namespace smtrain::data
