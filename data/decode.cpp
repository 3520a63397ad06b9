// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decode.h"

#include "smtrain/data/color.h"
#include "smtrain/data/decoders.h"
#include "smtrain/data/exif.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <cstdio>

namespace smtrain::data {
namespace {

using namespace std::string_view_literals;

bool has(Bytes bytes, size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + offset,
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

// TGA has no magic number: its header must make sense. Fields: length of the id, colour map
// present, kind of picture (run-length coded kinds add 8), colour map's first entry, entries and
// bits, origin, width, height, bits per pixel.
bool looks_like_tga(Bytes bytes) {
  if (bytes.size() < 18) return false;
  const int color_map = bytes[1], kind = bytes[2] & ~8, color_map_bits = bytes[7], bits = bytes[16];
  const bool has_pixels = (bytes[12] | bytes[13]) != 0 && (bytes[14] | bytes[15]) != 0;
  if (!has_pixels) return false;
  switch (kind) {
    case 1: return color_map == 1 && bits == 8 && (color_map_bits == 24 || color_map_bits == 32);
    case 2: return color_map == 0 && (bits == 16 || bits == 24 || bits == 32);
    case 3: return color_map == 0 && (bits == 8 || bits == 16);
    default: return false;
  }
}

std::string first_bytes(Bytes bytes) {
  std::string text;
  for (uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    char hex[4];
    std::snprintf(hex, sizeof hex, " %02x", byte);
    text += hex;
  }
  return text;
}

Image decode_by_magic(Bytes bytes, const std::string& name, int64_t max_pixels) {
  if (has(bytes, 0, "\xff\xd8\xff"sv)) return decode_jpeg(bytes, name, max_pixels);
  if (has(bytes, 0, "\x89PNG\r\n\x1a\n"sv)) return decode_png(bytes, name, max_pixels);
  if (has(bytes, 0, "RIFF"sv) && has(bytes, 8, "WEBP"sv))
    return decode_webp(bytes, name, max_pixels);
  if (has(bytes, 0, "GIF87a"sv) || has(bytes, 0, "GIF89a"sv))
    return decode_stb(bytes, name, max_pixels, "GIF");
  if (has(bytes, 0, "BM"sv)) return decode_stb(bytes, name, max_pixels, "BMP");
  if (bytes.size() > 1 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6') {
    return decode_pnm(bytes, name, max_pixels);
  }
  for (std::string_view magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (has(bytes, 0, magic))
      bad_input("decode: ", name, ": TIFF is not supported, convert the file to PNG");
  }
  if (looks_like_tga(bytes)) return decode_stb(bytes, name, max_pixels, "TGA");
  if (bytes.empty()) bad_input("decode: ", name, ": the file is empty");
  bad_input("decode: ", name,
            ": expected JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the file starts with",
            first_bytes(bytes));
}

}  // namespace

void fail_damaged(const std::string& name, std::string_view format, std::string_view reason) {
  bad_input("decode: ", name, ": damaged ", format, ": ", reason);
}

void check_size(const std::string& name, int64_t height, int64_t width, int64_t max_pixels) {
  if (height <= 0 || width <= 0)
    bad_input("decode: ", name, ": the picture is empty, ", width, "x", height, " pixels");
  if (height > max_pixels / width) {
    bad_input("decode: ", name, ": the picture is too large, ", width, "x", height,
              " pixels (at most ", max_pixels, " are allowed)");
  }
}

Image make_image(const std::string& name, int64_t height, int64_t width, int64_t channels,
                 int64_t max_pixels) {
  check_size(name, height, width, max_pixels);
  return {height, width, channels, std::vector<uint8_t>(height * width * channels)};
}

Image decode(std::span<const uint8_t> bytes, const std::string& name,
             const DecodeOptions& options) {
  check(options.channels == 1 || options.channels == 3, "decode: channels must be 1 or 3, got ",
        options.channels);
  Image image = decode_by_magic(bytes, name, options.max_pixels);
  if (options.apply_exif_orientation)
    image = turn_upright(std::move(image), exif_orientation(bytes));
  return options.channels == 3 ? to_rgb(std::move(image)) : to_gray(std::move(image));
}

Image decode_file(const std::filesystem::path& path, const DecodeOptions& options) {
  return decode(read_file(path, uint64_t{1} << 30), path.string(), options);
}

}  // namespace smtrain::data
