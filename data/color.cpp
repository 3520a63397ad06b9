// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/color.h"

#include "smtrain/engine/error.h"
#include "smtrain/kernels/vectorize.h"

#include <utility>

namespace smtrain::data {
namespace {

SMTRAIN_VECTORIZED void rgb_to_gray(const uint8_t* __restrict rgb, uint8_t* __restrict gray,
                                    int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i) {
    gray[i] =
        (19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] + 7471u * rgb[3 * i + 2] + 32768u) >> 16;
  }
}

SMTRAIN_VECTORIZED void gray_to_rgb(const uint8_t* __restrict gray, uint8_t* __restrict rgb,
                                    int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i) {
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = gray[i];
  }
}

// a * b / 255, rounded.
int multiply_255(int a, int b) {
  const int t = a * b + 128;
  return (t + (t >> 8)) >> 8;
}

}  // namespace

Image to_rgb(Image image) {
  if (image.channels == 3) return image;
  check(image.channels == 1, "to_rgb: expected 1 or 3 channels, got ", image.channels);
  Image rgb{image.height, image.width, 3, std::vector<uint8_t>(image.pixels.size() * 3)};
  gray_to_rgb(image.pixels.data(), rgb.pixels.data(), image.height * image.width);
  return rgb;
}

Image to_gray(Image image) {
  if (image.channels == 1) return image;
  check(image.channels == 3, "to_gray: expected 1 or 3 channels, got ", image.channels);
  Image gray{image.height, image.width, 1, std::vector<uint8_t>(image.height * image.width)};
  rgb_to_gray(image.pixels.data(), gray.pixels.data(), image.height * image.width);
  return gray;
}

void cmyk_to_rgb(const uint8_t* cmyk, uint8_t* rgb, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    const int light = 255 - cmyk[3];
    for (int c = 0; c < 3; ++c) rgb[c] = light - multiply_255(cmyk[c], light);
  }
}

}  // namespace smtrain::data
