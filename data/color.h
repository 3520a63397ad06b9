// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>

namespace smtrain::data {

/// Three equal channels for a grey picture; a picture of three channels passes through.
Image to_rgb(Image image);

/// One channel, (19595 R + 38470 G + 7471 B + 32768) >> 16 as Pillow's "L"; a grey picture passes
/// through.
Image to_gray(Image image);

/// `pixels` pixels of cyan, magenta, yellow, black (255 is full ink) to R, G, B, as Pillow does.
void cmyk_to_rgb(const uint8_t* cmyk, uint8_t* rgb, int64_t pixels);

}  // namespace smtrain::data
