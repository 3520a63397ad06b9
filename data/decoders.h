// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What decode() chooses from. Each function gives a picture of 1 or 3 channels, whichever the file
// holds, and throws as decode() does.
namespace smtrain::data {

using Bytes = std::span<const uint8_t>;

Image decode_jpeg(Bytes bytes, const std::string& name, int64_t max_pixels);
Image decode_png(Bytes bytes, const std::string& name, int64_t max_pixels);
Image decode_webp(Bytes bytes, const std::string& name, int64_t max_pixels);
Image decode_pnm(Bytes bytes, const std::string& name, int64_t max_pixels);

/// BMP, GIF and TGA; `format` is for messages.
Image decode_stb(Bytes bytes, const std::string& name, int64_t max_pixels, std::string_view format);

/// Throws: `name` is damaged, in the words of the library that read it.
[[noreturn]] void fail_damaged(const std::string& name, std::string_view format,
                               std::string_view reason);

/// Throws when a picture would have no pixels or more than max_pixels.
void check_size(const std::string& name, int64_t height, int64_t width, int64_t max_pixels);

/// A zeroed picture, after check_size().
Image make_image(const std::string& name, int64_t height, int64_t width, int64_t channels,
                 int64_t max_pixels);

}  // namespace smtrain::data
