// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"
#include "smtrain/data/png.h"
#include "smtrain/engine/io/file.h"

#include <filesystem>
#include <string>

namespace smtrain::test {

/// A picture in which every byte differs from its neighbours, and from those of another number.
inline data::Image numbered_picture(int64_t number, int64_t height, int64_t width) {
  data::Image image{height, width, 3, {}};
  for (int64_t i = 0; i < height * width * 3; ++i) {
    image.pixels.push_back(static_cast<uint8_t>(number * 37 + i * 11));
  }
  return image;
}

/// Class folders a, b, ... below `root` with `per_class` PNG pictures 00.png, 01.png, ..., all of
/// different content.
inline void write_picture_folder(const std::filesystem::path& root, int classes, int per_class,
                                 int64_t height = 6, int64_t width = 5) {
  for (int c = 0; c < classes; ++c) {
    const std::filesystem::path folder = root / std::string(1, static_cast<char>('a' + c));
    std::filesystem::create_directories(folder);
    for (int i = 0; i < per_class; ++i) {
      const std::string name = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
      data::write_png(folder / (name + ".png"), numbered_picture(c * per_class + i, height, width));
    }
  }
}

}  // namespace smtrain::test
