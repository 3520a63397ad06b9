// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace smtrain::data {

/// A picture of 1 (grey) or 3 channels as the bytes of a PNG file.
std::vector<uint8_t> encode_png(const Image& image);

/// The same, written atomically.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace smtrain::data
