// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace smtrain::data {

/// A decoded picture: rows top to bottom, pixels left to right, channels interleaved (R, G, B or
/// one grey value).
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<uint8_t> pixels = {};  // [height, width, channels]
};

/// A picture that lies in somebody else's memory.
struct ImageView {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  const uint8_t* pixels = nullptr;  // [height, width, channels]
};

}  // namespace smtrain::data
