// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/transform.h"

#include "smtrain/data/color.h"
#include "smtrain/data/decode.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace smtrain::data {
namespace {

constexpr int64_t kMaxPixels = DecodeOptions().max_pixels;

const char* name_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::box: return "box";
    case ResizeFilter::bilinear: return "bilinear";
    case ResizeFilter::bicubic: return "bicubic";
    case ResizeFilter::lanczos: return "lanczos";
  }
  return "?";
}

void check_size_of(const char* name, Size2d size) {
  check(size.height > 0 && size.width > 0, name, ": size must be positive, got ", size);
  check(size.height <= kMaxPixels / size.width, name, ": expected at most ", kMaxPixels,
        " pixels, got ", size);
}

void check_probability(const char* name, double probability) {
  check(probability >= 0 && probability <= 1, name, ": probability must be 0 to 1, got ",
        probability);
}

// [top, top + height) x [left, left + width) of a picture, black where it has no pixels.
Image crop(const Image& image, int64_t top, int64_t left, Size2d size) {
  Image part{size.height, size.width, image.channels,
             std::vector<uint8_t>(size.height * size.width * image.channels)};
  const int64_t first_row = std::max<int64_t>(0, -top);
  const int64_t last_row = std::min(size.height, image.height - top);
  const int64_t first_column = std::max<int64_t>(0, -left);
  const int64_t last_column = std::min(size.width, image.width - left);
  if (first_column >= last_column) return part;
  for (int64_t y = first_row; y < last_row; ++y) {
    const int64_t from = (y + top) * image.width + first_column + left;
    const int64_t to = y * size.width + first_column;
    std::copy_n(image.pixels.begin() + from * image.channels,
                (last_column - first_column) * image.channels,
                part.pixels.begin() + to * image.channels);
  }
  return part;
}

// Where a crop of `size` starts to lie in the middle of `available`: Python's round((a - s) / 2),
// halves to even, and for a picture that is padded to fit, the smaller half of the padding first.
int64_t center_offset(int64_t available, int64_t size) {
  if (size > available) return -((size - available) / 2);
  return static_cast<int64_t>(std::nearbyint(static_cast<double>(available - size) / 2));
}

}  // namespace

Compose::Compose(Transforms transforms) : transforms_(std::move(transforms)) {
  for (const auto& transform : transforms_)
    check(transform != nullptr, "Compose: a null transform");
}

Image Compose::apply(Image image, SampleRandom& random) const {
  for (const auto& transform : transforms_) image = transform->apply(std::move(image), random);
  return image;
}

std::string Compose::description() const {
  std::string parts;
  for (const auto& transform : transforms_) {
    parts += (parts.empty() ? "" : ", ") + transform->description();
  }
  return "Compose(" + parts + ")";
}

bool Compose::is_random() const {
  return std::any_of(transforms_.begin(), transforms_.end(),
                     [](const auto& transform) { return transform->is_random(); });
}

Resize::Resize(Size2d size, ResizeFilter filter) : size_(size), filter_(filter) {
  check_size_of("Resize", size);
}

Resize::Resize(int64_t shorter_side, ResizeFilter filter)
    : shorter_side_(shorter_side), filter_(filter) {
  check(shorter_side > 0, "Resize: size must be positive, got ", shorter_side);
}

Image Resize::apply(Image image, SampleRandom&) const {
  const Size2d size = size_ ? *size_ : shorter_side_size(image.height, image.width, shorter_side_);
  if (size.height > kMaxPixels / size.width) {
    bad_input("Resize: a picture of ", Size2d(image.height, image.width), " would become one of ",
              size, ", of more than ", kMaxPixels, " pixels");
  }
  return resize(image, size.height, size.width, filter_);
}

std::string Resize::description() const {
  const std::string size = size_ ? concat_text(*size_) : std::to_string(shorter_side_);
  return "Resize(" + size + ", " + name_of(filter_) + ")";
}

CenterCrop::CenterCrop(Size2d size) : size_(size) { check_size_of("CenterCrop", size); }

Image CenterCrop::apply(Image image, SampleRandom&) const {
  return crop(image, center_offset(image.height, size_.height),
              center_offset(image.width, size_.width), size_);
}

std::string CenterCrop::description() const { return concat_text("CenterCrop(", size_, ")"); }

RandomCrop::RandomCrop(Size2d size, int64_t padding) : size_(size), padding_(padding) {
  check_size_of("RandomCrop", size);
  check(padding >= 0, "RandomCrop: padding must not be negative, got ", padding);
  check(padding <= kMaxPixels, "RandomCrop: expected a padding of at most ", kMaxPixels, ", got ",
        padding);
}

Image RandomCrop::apply(Image image, SampleRandom& random) const {
  const int64_t height = image.height + 2 * padding_, width = image.width + 2 * padding_;
  check(size_.height <= height && size_.width <= width,
        "RandomCrop: expected a picture of at least ", size_, ", got ", Size2d(height, width),
        " with its padding");
  const int64_t top = random.pick(static_cast<int>(height - size_.height + 1));
  const int64_t left = random.pick(static_cast<int>(width - size_.width + 1));
  return crop(image, top - padding_, left - padding_, size_);
}

std::string RandomCrop::description() const {
  return concat_text("RandomCrop(", size_, ", padding ", padding_, ")");
}

RandomHorizontalFlip::RandomHorizontalFlip(double probability) : probability_(probability) {
  check_probability("RandomHorizontalFlip", probability);
}

Image RandomHorizontalFlip::apply(Image image, SampleRandom& random) const {
  if (random.uniform(0, 1) >= probability_) return image;
  const int64_t row_bytes = image.width * image.channels;
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* left = image.pixels.data() + y * row_bytes;
    uint8_t* right = left + row_bytes - image.channels;
    for (; left < right; left += image.channels, right -= image.channels) {
      std::swap_ranges(left, left + image.channels, right);
    }
  }
  return image;
}

std::string RandomHorizontalFlip::description() const {
  return concat_text("RandomHorizontalFlip(", probability_, ")");
}

RandomVerticalFlip::RandomVerticalFlip(double probability) : probability_(probability) {
  check_probability("RandomVerticalFlip", probability);
}

Image RandomVerticalFlip::apply(Image image, SampleRandom& random) const {
  if (random.uniform(0, 1) >= probability_) return image;
  const int64_t row_bytes = image.width * image.channels;
  for (int64_t y = 0; y < image.height / 2; ++y) {
    uint8_t* upper = image.pixels.data() + y * row_bytes;
    std::swap_ranges(upper, upper + row_bytes,
                     image.pixels.data() + (image.height - 1 - y) * row_bytes);
  }
  return image;
}

std::string RandomVerticalFlip::description() const {
  return concat_text("RandomVerticalFlip(", probability_, ")");
}

Grayscale::Grayscale(int64_t channels) : channels_(channels) {
  check(channels == 1 || channels == 3, "Grayscale: channels must be 1 or 3, got ", channels);
}

Image Grayscale::apply(Image image, SampleRandom&) const {
  image = to_gray(std::move(image));
  return channels_ == 1 ? image : to_rgb(std::move(image));
}

std::string Grayscale::description() const { return concat_text("Grayscale(", channels_, ")"); }

}  // namespace smtrain::data
