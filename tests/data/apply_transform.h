// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/transform.h"

#include <cstdint>
#include <utility>

namespace smtrain::test {

/// A grey picture whose pixels are 1, 2, 3, ...
inline data::Image counting(int64_t height, int64_t width) {
  data::Image image{height, width, 1, {}};
  for (int64_t i = 0; i < height * width; ++i) image.pixels.push_back(static_cast<uint8_t>(i + 1));
  return image;
}

/// What a transform makes of sample `index` in an epoch of seed 1.
inline data::Image apply(const data::Transform& transform, data::Image image, int64_t index = 0) {
  data::SampleRandom random(1, 0, index);
  return transform.apply(std::move(image), random);
}

}  // namespace smtrain::test
