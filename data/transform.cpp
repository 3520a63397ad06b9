// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/transform.h"

#include "smtrain/data/color.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <utility>

namespace smtrain::data {
namespace {

const char* name_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::box: return "box";
    case ResizeFilter::bilinear: return "bilinear";
    case ResizeFilter::bicubic: return "bicubic";
    case ResizeFilter::lanczos: return "lanczos";
  }
  return "?";
}

}  // namespace

void check_picture_size(const char* transform, Size2d size) {
  check(size.height > 0 && size.width > 0, transform, ": size must be positive, got ", size);
  check(size.height <= kMaxPixels / size.width, transform, ": expected at most ", kMaxPixels,
        " pixels, got ", size);
}

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
  check_picture_size("Resize", size);
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

Grayscale::Grayscale(int64_t channels) : channels_(channels) {
  check(channels == 1 || channels == 3, "Grayscale: channels must be 1 or 3, got ", channels);
}

Image Grayscale::apply(Image image, SampleRandom&) const {
  image = to_gray(std::move(image));
  return channels_ == 1 ? image : to_rgb(std::move(image));
}

std::string Grayscale::description() const { return concat_text("Grayscale(", channels_, ")"); }

}  // namespace smtrain::data
