// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"
#include "smtrain/engine/size2d.h"

#include <cstdint>

namespace smtrain::data {

enum class ResizeFilter { box, bilinear, bicubic, lanczos };

/// Resamples a picture of 1 or 3 channels to [height, width] with the same bits as Pillow's
/// Image.resize: the filter widens when shrinking (antialiasing), columns are resampled first and
/// rounded to 8 bits, then rows. Throws std::invalid_argument for an empty picture or size.
Image resize(const Image& image, int64_t height, int64_t width,
             ResizeFilter filter = ResizeFilter::bilinear);

/// torchvision's Resize(size) with one number: the shorter side becomes `size` and the other keeps
/// the proportion, rounded down.
Size2d shorter_side_size(int64_t height, int64_t width, int64_t size);

}  // namespace smtrain::data
