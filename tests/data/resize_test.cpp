// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/resize.h"

#include "smtrain/data/color.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <stdexcept>
#include <thread>

namespace smtrain::data {
namespace {

using ::testing::ThrowsMessage;

constexpr ResizeFilter kContinuousFilters[] = {ResizeFilter::bilinear, ResizeFilter::bicubic,
                                               ResizeFilter::lanczos};

Image image_of(const Array& array) {
  return {array.shape[0], array.shape[1], array.shape.ndim() == 3 ? array.shape[2] : 1,
          array.bytes};
}

Image random_image(int64_t height, int64_t width, int64_t channels, std::mt19937& generator) {
  Image image{height, width, channels, std::vector<uint8_t>(height * width * channels)};
  for (uint8_t& pixel : image.pixels) pixel = generator() % 4 == 0 ? 255 : generator() % 256;
  return image;
}

/// The value of the filter's definition, with nothing in common with the code under test.
double kernel(ResizeFilter filter, double x) {
  const double a = std::abs(x), pi_x = std::numbers::pi * x;
  switch (filter) {
    case ResizeFilter::bilinear: return a < 1 ? 1 - a : 0;
    case ResizeFilter::bicubic:
      return a < 1   ? 1.5 * a * a * a - 2.5 * a * a + 1
             : a < 2 ? -0.5 * a * a * a + 2.5 * a * a - 4 * a + 2
                     : 0;
    case ResizeFilter::lanczos:
      if (x == 0) return 1;
      return a < 3 ? 3 * std::sin(pi_x) * std::sin(pi_x / 3) / (pi_x * pi_x) : 0;
    case ResizeFilter::box: break;  // BoxIsTheMeanOfABlock
  }
  return 0;
}

/// Resamples the rows of [length, others] in double, rounding and clipping to 0..255 at the end.
std::vector<double> resample(const std::vector<double>& in, int64_t length, int64_t others,
                             int64_t out_length, ResizeFilter filter) {
  if (length == out_length) return in;
  const double scale = static_cast<double>(length) / static_cast<double>(out_length);
  const double stretch = std::max(1.0, scale);
  std::vector<double> out(out_length * others);
  for (int64_t y = 0; y < out_length; ++y) {
    std::vector<double> weights(length);
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) {
      sum += weights[i] = kernel(filter, (i + 0.5 - (y + 0.5) * scale) / stretch);
    }
    for (int64_t j = 0; j < others; ++j) {
      double value = 0;
      for (int64_t i = 0; i < length; ++i) value += weights[i] / sum * in[i * others + j];
      out[y * others + j] = std::clamp(std::floor(value + 0.5), 0.0, 255.0);
    }
  }
  return out;
}

std::vector<double> transposed(const std::vector<double>& in, int64_t rows, int64_t columns,
                               int64_t channels) {
  std::vector<double> out(in.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      std::copy_n(&in[(r * columns + c) * channels], channels, &out[(c * rows + r) * channels]);
    }
  }
  return out;
}

std::vector<double> reference(const Image& image, int64_t height, int64_t width,
                              ResizeFilter filter) {
  std::vector<double> values(image.pixels.begin(), image.pixels.end());
  values = transposed(values, image.height, image.width, image.channels);
  values = resample(values, image.width, image.height * image.channels, width, filter);
  values = transposed(values, width, image.height, image.channels);
  return resample(values, image.height, width * image.channels, height, filter);
}

TEST(Resize, EqualsPillow) {
  const std::map<std::string, ResizeFilter> filters = {{"box", ResizeFilter::box},
                                                       {"bilinear", ResizeFilter::bilinear},
                                                       {"bicubic", ResizeFilter::bicubic},
                                                       {"lanczos", ResizeFilter::lanczos}};
  const auto goldens = read_npz(test::golden("image/resize.npz"));
  int compared = 0;
  for (const auto& [name, array] : goldens) {  // "img0/bilinear_96x96"
    const size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    const auto filter = filters.find(name.substr(slash + 1, name.find('_') - slash - 1));
    if (filter == filters.end()) continue;  // nearest
    SCOPED_TRACE(name);
    const Image expected = image_of(array);
    Image image = image_of(goldens.at(name.substr(0, slash)));
    if (expected.channels == 1) image = to_gray(image);
    const Image resized = resize(image, expected.height, expected.width, filter->second);
    EXPECT_EQ(resized.channels, expected.channels);
    EXPECT_EQ(resized.pixels, expected.pixels);
    ++compared;
  }
  EXPECT_EQ(compared, 17);
}

// 22-bit weights and exact ones may round to neighbouring values, and the second pass sees that.
TEST(Resize, AgreesWithDoublesForAllShapes) {
  std::mt19937 generator(1);
  for (int round = 0; round < 60; ++round) {
    const auto size = [&] { return static_cast<int64_t>(1 + generator() % 50); };
    const int64_t channels = round % 2 == 0 ? 3 : 1;
    const Image image = random_image(size(), round % 7 == 0 ? 1 : size(), channels, generator);
    const int64_t height = round % 5 == 0 ? image.height : size();
    const int64_t width = round % 6 == 0 ? image.width : size();
    for (ResizeFilter filter : kContinuousFilters) {
      SCOPED_TRACE(testing::Message()
                   << image.height << "x" << image.width << "x" << channels << " to " << height
                   << "x" << width << ", filter " << static_cast<int>(filter));
      const Image resized = resize(image, height, width, filter);
      const std::vector<double> expected = reference(image, height, width, filter);
      ASSERT_EQ(resized.pixels.size(), expected.size());
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(resized.pixels[i], expected[i], 1);
    }
  }
}

TEST(Resize, KeepsAConstantPicture) {
  const Image white{31, 17, 3, std::vector<uint8_t>(31 * 17 * 3, 255)};
  for (ResizeFilter filter : kContinuousFilters) {
    const Image resized = resize(white, 96, 5, filter);
    EXPECT_EQ(resized.pixels, std::vector<uint8_t>(96 * 5 * 3, 255));
  }
}

// At the edge of the box a rounding error decides whether a pixel counts, so only whole ratios have
// an answer that does not depend on the order of operations.
TEST(Resize, BoxIsTheMeanOfABlock) {
  const Image image{1, 6, 1, {1, 2, 3, 10, 20, 30}};
  EXPECT_THAT(resize(image, 1, 2, ResizeFilter::box).pixels, testing::ElementsAre(2, 20));
  EXPECT_THAT(resize(image, 1, 3, ResizeFilter::box).pixels, testing::ElementsAre(2, 7, 25));
}

TEST(Resize, SameSizeIsACopy) {
  std::mt19937 generator(2);
  const Image image = random_image(7, 9, 3, generator);
  EXPECT_EQ(resize(image, 7, 9, ResizeFilter::lanczos).pixels, image.pixels);
}

TEST(Resize, ThreadsDoNotDisturbEachOther) {
  std::mt19937 generator(3);
  const Image image = random_image(40, 60, 3, generator);
  std::vector<Image> expected, found(8);
  for (int64_t i = 0; i < 8; ++i) expected.push_back(resize(image, 10 + i, 30 - i));
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = t; i < 8; i += 4) found[i] = resize(image, 10 + i, 30 - i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int64_t i = 0; i < 8; ++i) EXPECT_EQ(found[i].pixels, expected[i].pixels);
}

TEST(Resize, ShorterSideAsTorchvision) {
  const auto size = [](int64_t height, int64_t width, int64_t n) {
    const Size2d s = shorter_side_size(height, width, n);
    return std::pair(s.height, s.width);
  };
  EXPECT_EQ(size(375, 500, 256), std::pair(256L, 341L));
  EXPECT_EQ(size(500, 375, 256), std::pair(341L, 256L));
  EXPECT_EQ(size(64, 64, 224), std::pair(224L, 224L));
  EXPECT_EQ(size(1, 3, 1), std::pair(1L, 3L));
}

TEST(ResizeErrors, NameTheSizes) {
  const Image image{2, 3, 3, std::vector<uint8_t>(18)};
  EXPECT_THAT([&] { resize(image, 0, 5); }, ThrowsMessage<std::invalid_argument>(
                                                "resize: sizes must be positive, got 2x3 to 0x5"));
  EXPECT_THAT(
      [&] {
        resize({0, 3, 3, {}}, 4, 5);
      },
      ThrowsMessage<std::invalid_argument>("resize: sizes must be positive, got 0x3 to 4x5"));
  EXPECT_THAT(
      [&] {
        resize({1, 1, 2, {0, 0}}, 4, 5);
      },
      ThrowsMessage<std::invalid_argument>("resize: expected 1 or 3 channels, got 2"));
}

}  // namespace
}  // namespace smtrain::data
