// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decoders.h"
#include "smtrain/engine/error.h"

#include <stb_image.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace smtrain::data {
namespace {

// stb takes zeros for what is missing at the end of a file, so reading goes through a source that
// notices.
struct Source {
  Bytes rest;
  bool overrun = false;

  static const stbi_io_callbacks& callbacks() {
    static const stbi_io_callbacks callbacks = {
        .read =
            [](void* user, char* out, int size) {
              auto& source = *static_cast<Source*>(user);
              const size_t count = std::min(source.rest.size(), static_cast<size_t>(size));
              if (count == 0) source.overrun = true;
              std::copy_n(source.rest.begin(), count, out);
              source.rest = source.rest.subspan(count);
              return static_cast<int>(count);
            },
        .skip =
            [](void* user, int size) {
              auto& source = *static_cast<Source*>(user);
              source.rest = source.rest.subspan(
                  std::min(source.rest.size(), static_cast<size_t>(std::max(size, 0))));
            },
        .eof =
            [](void* user) { return static_cast<int>(static_cast<Source*>(user)->rest.empty()); },
    };
    return callbacks;
  }
};

constexpr std::string_view kTruncated = "the data end before the picture is complete";

// Transparent pixels of a GIF keep their colour: no pixel of the first frame is declared
// transparent. Blocks before the frame: '!', kind, then pieces of one length byte and that many
// bytes, up to a piece of length 0.
std::vector<uint8_t> make_opaque(Bytes gif) {
  constexpr uint8_t kExtension = '!', kGraphicControl = 0xf9, kTransparent = 1;
  std::vector<uint8_t> bytes(gif.begin(), gif.end());
  if (bytes.size() < 13) return bytes;
  const bool has_palette = bytes[10] & 0x80;
  size_t at = 13 + (has_palette ? 3 * (2 << (bytes[10] & 7)) : 0);
  while (at + 3 < bytes.size() && bytes[at] == kExtension) {
    if (bytes[at + 1] == kGraphicControl && bytes[at + 2] == 4) bytes[at + 3] &= ~kTransparent;
    at += 2;
    while (at < bytes.size() && bytes[at] != 0) at += 1 + bytes[at];
    ++at;
  }
  return bytes;
}

// Rows that are not run-length coded are read in one piece, which stb does not check.
bool tga_is_complete(Bytes tga) {
  const bool run_length = tga[2] & 8;
  if (run_length) return true;
  const auto word = [&](size_t at) { return size_t{tga[at]} | size_t{tga[at + 1]} << 8; };
  const size_t color_map_bytes = tga[1] != 0 ? word(5) * (tga[7] / 8) : 0;
  return tga.size() >= 18 + tga[0] + color_map_bytes + word(12) * word(14) * (tga[16] / 8);
}

// stb widens 5- and 6-bit colours by repeating bits where Pillow scales them; a bit field needs a
// table per mask.
bool bmp_has_16_bits(Bytes bmp) { return bmp.size() >= 30 && bmp[14] >= 40 && bmp[28] == 16; }

}  // namespace

Image decode_stb(Bytes bytes, const std::string& name, int64_t max_pixels,
                 std::string_view format) {
  if (format == "BMP" && bmp_has_16_bits(bytes)) {
    bad_input("decode: ", name,
              ": BMP of 16 bits per pixel is not supported, convert the file to PNG");
  }
  if (format == "TGA" && !tga_is_complete(bytes)) fail_damaged(name, format, kTruncated);
  std::vector<uint8_t> opaque;
  if (format == "GIF") bytes = opaque = make_opaque(bytes);

  int width, height, channels;
  Source header{bytes};
  if (!stbi_info_from_callbacks(&Source::callbacks(), &header, &width, &height, &channels)) {
    fail_damaged(name, format, header.overrun ? kTruncated : stbi_failure_reason());
  }
  Image image = make_image(name, std::abs(int64_t{height}), width, 3, max_pixels);  // < 0: top-down
  Source source{bytes};
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_callbacks(&Source::callbacks(), &source, &width, &height, &channels, 3),
      stbi_image_free);
  if (source.overrun) fail_damaged(name, format, kTruncated);
  if (pixels == nullptr) fail_damaged(name, format, stbi_failure_reason());
  if (height != image.height || width != image.width)
    fail_damaged(name, format, "it has two sizes");
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

}  // namespace smtrain::data
