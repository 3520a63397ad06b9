// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/normalize.h"

#include "smtrain/engine/error.h"

#include <algorithm>

namespace smtrain::data {

std::vector<float> to_float(const Image& image, const Normalization& normalization) {
  const auto& [mean, std] = normalization;
  const auto channels = static_cast<size_t>(image.channels);
  check(mean.size() == std.size() && (mean.empty() || mean.size() == 1 || mean.size() == channels),
        "to_float: expected 1 or ", channels, " values of mean and of std, got ", mean.size(),
        " and ", std.size());
  check(std::find(std.begin(), std.end(), 0.0f) == std.end(), "to_float: std must not be 0");

  const int64_t area = image.height * image.width;
  std::vector<float> values(image.pixels.size());
  for (size_t c = 0; c < channels; ++c) {
    const size_t entry = mean.size() == 1 ? 0 : c;
    for (int64_t i = 0; i < area; ++i) {
      float value = static_cast<float>(image.pixels[i * channels + c]) / 255.0f;
      if (!mean.empty()) value = (value - mean[entry]) / std[entry];
      values[c * area + i] = value;
    }
  }
  return values;
}

}  // namespace smtrain::data
