// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace smtrain::data {

/// The pixels that decode() is to give.
struct DecodeOptions {
  int64_t channels = 3;                 // 3 (R, G, B) or 1 (grey)
  bool apply_exif_orientation = false;  // turn the picture upright; PyTorch's ImageFolder does not
  int64_t max_pixels = 178'956'970;  // height * width above this are refused before any allocation
};

/// Decodes a picture file that is in memory: JPEG, PNG, WebP, BMP, GIF (first frame), TGA or PNM,
/// recognised by its first bytes and never by its name. The pixels equal Pillow's `convert("RGB")`,
/// with one channel `convert("L")`: alpha is dropped, 16-bit colours keep their high byte, 16-bit
/// grey is clipped at 255.
///
/// `name` is only for messages. Throws BadInput that names the file and what is wrong
/// with it when the format is unknown or not supported (TIFF, animated WebP), when the data are
/// damaged or end early, or when the picture has more than max_pixels.
Image decode(std::span<const uint8_t> bytes, const std::string& name,
             const DecodeOptions& options = {});

/// The same for a file of at most 1 GiB. Throws also when it can't be read.
Image decode_file(const std::filesystem::path& path, const DecodeOptions& options = {});

}  // namespace smtrain::data
