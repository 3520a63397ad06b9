// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/batch_pictures.h"

#include "smtrain/data/resize.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>
#include <cstddef>

namespace smtrain::app {
namespace {

constexpr int64_t kSide = 96, kMaxSide = 192;  // of a picture in the grid

}  // namespace

std::vector<data::Image> pictures_of(const Tensor& images, int64_t count) {
  count = std::min(count, images.size(0));
  const std::vector<float> values = narrow(images, 0, 0, count).to_vector<float>();
  const float white = images.dtype() == DType::u8 ? 255 : 1;
  const int64_t channels = images.size(1), pixels = images.size(2) * images.size(3);
  std::vector<data::Image> pictures;
  for (int64_t n = 0; n < count; ++n) {
    data::Image image{.height = images.size(2),
                      .width = images.size(3),
                      .channels = channels == 3 ? 3 : 1,
                      .pixels = {}};
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t channel = 0; channel < image.channels; ++channel) {
        const float value = values[static_cast<size_t>((n * channels + channel) * pixels + pixel)];
        image.pixels.push_back(
            static_cast<uint8_t>(std::clamp(value / white, 0.0f, 1.0f) * 255 + 0.5f));
      }
    }
    pictures.push_back(std::move(image));
  }
  return pictures;
}

data::Image reduced(const data::Image& picture) {
  const int64_t longest = std::max(picture.height, picture.width);
  if (longest <= kMaxSide) return picture;
  return data::resize(picture, std::max<int64_t>(1, picture.height * kMaxSide / longest),
                      std::max<int64_t>(1, picture.width * kMaxSide / longest));
}

int64_t grid_scale(const data::Image& picture) {
  return std::max<int64_t>(1, kSide / picture.width);
}

}  // namespace smtrain::app
