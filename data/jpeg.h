// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <vector>

namespace smtrain::data {

/// A picture of 1 (grey) or 3 channels as the bytes of a baseline JPEG file; quality is 1 to 100.
/// Throws std::invalid_argument when the picture's sizes do not fit or are above JPEG's 65500.
std::vector<uint8_t> encode_jpeg(const Image& image, int quality = 90);

}  // namespace smtrain::data
