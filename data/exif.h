// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <span>

namespace smtrain::data {

/// The EXIF orientation (1 to 8) that a JPEG, PNG or WebP file records; 1, upright, when there is
/// none or it can't be read. Never reads outside `file`.
int exif_orientation(std::span<const uint8_t> file);

/// Undoes an EXIF orientation: 2 mirrored, 3 upside down, 4 both, 5 to 8 the same with rows and
/// columns exchanged.
Image turn_upright(Image image, int orientation);

}  // namespace smtrain::data
