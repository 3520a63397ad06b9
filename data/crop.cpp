// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/crop.h"

#include "smtrain/data/decode.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>

namespace smtrain::data {
namespace {

void check_probability(const char* name, double probability) {
  check(probability >= 0 && probability <= 1, name, ": probability must be 0 to 1, got ",
        probability);
}

// Where a crop of `size` starts to lie in the middle of `available`: Python's round((a - s) / 2),
// halves to even, and for a picture that is padded to fit, the smaller half of the padding first.
int64_t center_offset(int64_t available, int64_t size) {
  if (size > available) return -((size - available) / 2);
  return static_cast<int64_t>(std::nearbyint(static_cast<double>(available - size) / 2));
}

}  // namespace

void Crop::narrow(int64_t top_of_it, int64_t left_of_it, Size2d size_of_it) {
  top += flip_rows ? size.height - size_of_it.height - top_of_it : top_of_it;
  left += flip_columns ? size.width - size_of_it.width - left_of_it : left_of_it;
  size = size_of_it;
}

Image cropped(const Image& image, const Crop& crop) {
  const auto [height, width] = crop.size;
  const int64_t channels = image.channels;
  Image part{height, width, channels, std::vector<uint8_t>(height * width * channels)};
  const int64_t first_column = std::max<int64_t>(0, -crop.left);
  const int64_t columns = std::min(width, image.width - crop.left) - first_column;
  if (columns <= 0) return part;
  for (int64_t row = std::max<int64_t>(0, -crop.top);
       row < std::min(height, image.height - crop.top); ++row) {
    const int64_t to_row = crop.flip_rows ? height - 1 - row : row;
    const uint8_t* from = image.pixels.data() +
                          ((row + crop.top) * image.width + first_column + crop.left) * channels;
    uint8_t* to = part.pixels.data() + to_row * width * channels;
    if (!crop.flip_columns) {
      std::copy_n(from, columns * channels, to + first_column * channels);
      continue;
    }
    to += (width - 1 - first_column) * channels;
    for (int64_t i = 0; i < columns; ++i, from += channels, to -= channels)
      std::copy_n(from, channels, to);
  }
  return part;
}

Image CropTransform::apply(Image image, SampleRandom& random) const {
  const Crop whole{.size = {image.height, image.width}};
  Crop crop = whole;
  narrow(crop, random);
  return crop == whole ? image : cropped(image, crop);
}

CenterCrop::CenterCrop(Size2d size) : size_(size) { check_picture_size("CenterCrop", size); }

void CenterCrop::narrow(Crop& crop, SampleRandom&) const {
  crop.narrow(center_offset(crop.size.height, size_.height),
              center_offset(crop.size.width, size_.width), size_);
}

std::string CenterCrop::description() const { return concat_text("CenterCrop(", size_, ")"); }

RandomCrop::RandomCrop(Size2d size, int64_t padding) : size_(size), padding_(padding) {
  check_picture_size("RandomCrop", size);
  check(padding >= 0, "RandomCrop: padding must not be negative, got ", padding);
  check(padding <= kMaxPixels, "RandomCrop: expected a padding of at most ", kMaxPixels, ", got ",
        padding);
}

void RandomCrop::narrow(Crop& crop, SampleRandom& random) const {
  const int64_t height = crop.size.height + 2 * padding_, width = crop.size.width + 2 * padding_;
  check(size_.height <= height && size_.width <= width,
        "RandomCrop: expected a picture of at least ", size_, ", got ", Size2d(height, width),
        " with its padding");
  const int64_t top = random.pick(static_cast<int>(height - size_.height + 1));
  const int64_t left = random.pick(static_cast<int>(width - size_.width + 1));
  crop.narrow(top - padding_, left - padding_, size_);
}

std::string RandomCrop::description() const {
  return concat_text("RandomCrop(", size_, ", padding ", padding_, ")");
}

RandomHorizontalFlip::RandomHorizontalFlip(double probability) : probability_(probability) {
  check_probability("RandomHorizontalFlip", probability);
}

void RandomHorizontalFlip::narrow(Crop& crop, SampleRandom& random) const {
  crop.flip_columns ^= random.uniform(0, 1) < probability_;
}

std::string RandomHorizontalFlip::description() const {
  return concat_text("RandomHorizontalFlip(", probability_, ")");
}

RandomVerticalFlip::RandomVerticalFlip(double probability) : probability_(probability) {
  check_probability("RandomVerticalFlip", probability);
}

void RandomVerticalFlip::narrow(Crop& crop, SampleRandom& random) const {
  crop.flip_rows ^= random.uniform(0, 1) < probability_;
}

std::string RandomVerticalFlip::description() const {
  return concat_text("RandomVerticalFlip(", probability_, ")");
}

}  // namespace smtrain::data
