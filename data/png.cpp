// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/png.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <png.h>

#include <limits>

namespace smtrain::data {

std::vector<uint8_t> encode_png(const Image& image) {
  constexpr int64_t kMaxSide = std::numeric_limits<int32_t>::max() / 4;
  check(image.channels == 1 || image.channels == 3, "encode_png: expected 1 or 3 channels, got ",
        image.channels);
  check(
      image.height > 0 && image.width > 0 && image.height < kMaxSide && image.width < kMaxSide &&
          static_cast<int64_t>(image.pixels.size()) == image.height * image.width * image.channels,
      "encode_png: ", image.pixels.size(), " pixel values for a picture of ", image.height, " x ",
      image.width, " x ", image.channels);
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;

  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<uint8_t> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    fail("encode_png: ", png.message);
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file_atomically(path, encode_png(image));
}

}  // namespace smtrain::data
