// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/transform.h"

#include "smtrain/data/crop.h"
#include "smtrain/data/normalize.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/data/apply_transform.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <stdexcept>

namespace smtrain::data {
namespace {

using test::apply;
using test::counting;
using ::testing::ElementsAre;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

TEST(Transform, ResizeTakesASizeOrTheShorterSide) {
  EXPECT_EQ(apply(Resize(Size2d{4, 9}), counting(3, 5)).pixels,
            resize(counting(3, 5), 4, 9).pixels);
  const Image resized = apply(Resize(6, ResizeFilter::bicubic), counting(3, 5));
  EXPECT_EQ(resized.pixels, resize(counting(3, 5), 6, 10, ResizeFilter::bicubic).pixels);
}

TEST(Transform, Grayscale) {
  const Image color{1, 2, 3, {255, 0, 0, 10, 10, 10}};
  EXPECT_THAT(apply(Grayscale(), color).pixels, ElementsAre(76, 10));
  EXPECT_THAT(apply(Grayscale(3), color).pixels, ElementsAre(76, 76, 76, 10, 10, 10));
}

TEST(Transform, RandomnessIsAFunctionOfSeedAndIndex) {
  const Compose both(
      {std::make_shared<RandomCrop>(Size2d{4, 4}, 2), std::make_shared<RandomHorizontalFlip>()});
  const auto run = [&](uint64_t seed, int64_t index) {
    SampleRandom random(seed, 0, index);
    return both.apply(counting(5, 6), random).pixels;
  };
  EXPECT_EQ(run(1, 7), run(1, 7));
  int differing = 0;
  for (int64_t index = 0; index < 20; ++index) {
    differing += run(1, index) != run(1, index + 1);
    differing += run(1, index) != run(2, index);
  }
  EXPECT_GT(differing, 30);
}

TEST(Transform, PipelineOfAScriptGivesTorchsBits) {
  const auto images = read_npz(test::golden("image/resize.npz"));
  const auto expected =
      read_npz_array(test::golden("image/transforms.npz"), "script_pipeline_img1");
  const Array& stored = images.at("img1");
  const Image image =
      apply(Resize(Size2d{96, 96}), {stored.shape[0], stored.shape[1], 3, stored.bytes});
  EXPECT_THAT(to_float(image, {.mean = {0.5f, 0.5f, 0.5f}, .std = {0.5f, 0.5f, 0.5f}}),
              Pointwise(testing::Eq(), expected.values<float>()));
}

TEST(ToFloat, AllValuesHaveTorchsBits) {
  Image gray{16, 16, 1, std::vector<uint8_t>(256)};
  std::iota(gray.pixels.begin(), gray.pixels.end(), 0);
  Image color{16, 16, 3, {}};
  for (uint8_t value : gray.pixels) color.pixels.insert(color.pixels.end(), 3, value);

  const auto goldens = read_npz(test::golden("image/transforms.npz"));
  const auto expect = [&](const std::string& name, const Image& image,
                          const Normalization& normalization) {
    SCOPED_TRACE(name);
    EXPECT_THAT(to_float(image, normalization),
                Pointwise(testing::Eq(), goldens.at(name).values<float>()));
  };
  expect("to_tensor_0_255", gray, {});
  expect("normalize_half", gray, {{0.5f}, {0.5f}});
  expect("normalize_mnist", gray, {{0.1307f}, {0.3081f}});
  expect("normalize_imagenet", color, {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}});
}

TEST(ToFloat, PutsChannelsFirstAndSharesOneMean) {
  const Image image{1, 2, 3, {0, 51, 102, 153, 204, 255}};
  EXPECT_THAT(to_float(image), Pointwise(testing::FloatEq(), {0.f, 0.6f, 0.2f, 0.8f, 0.4f, 1.f}));
  EXPECT_EQ(to_float(image, {{0.5f}, {0.25f}}),
            to_float(image, {{0.5f, 0.5f, 0.5f}, {0.25f, 0.25f, 0.25f}}));
}

TEST(TransformErrors, NameWhatWasWrong) {
  EXPECT_THAT([] { Resize(0); },
              ThrowsMessage<std::invalid_argument>("Resize: size must be positive, got 0"));
  EXPECT_THAT(
      [] {
        CenterCrop({0, 3});
      },
      ThrowsMessage<std::invalid_argument>("CenterCrop: size must be positive, got 0x3"));
  EXPECT_THAT(
      [] {
        RandomCrop({2, 2}, -1);
      },
      ThrowsMessage<std::invalid_argument>("RandomCrop: padding must not be negative, got -1"));
  EXPECT_THAT(
      [] {
        apply(RandomCrop({4, 9}, 1), counting(5, 6));
      },
      ThrowsMessage<std::invalid_argument>(
          "RandomCrop: expected a picture of at least 4x9, got 7x8 with its padding"));
  EXPECT_THAT(
      [] {
        CenterCrop({int64_t{1} << 32, int64_t{1} << 32});
      },
      ThrowsMessage<std::invalid_argument>(
          "CenterCrop: expected at most 178956970 pixels, got 4294967296x4294967296"));
  EXPECT_THAT(
      [] {
        RandomCrop({2, 2}, INT64_MAX);
      },
      ThrowsMessage<std::invalid_argument>(
          "RandomCrop: expected a padding of at most 178956970, got 9223372036854775807"));
  EXPECT_THAT([] { apply(Resize(16384), counting(1, 60)); },
              ThrowsMessage<std::runtime_error>(
                  "Resize: a picture of 1x60 would become one of 16384x983040, of more than "
                  "178956970 pixels"));
  EXPECT_THAT([] { RandomVerticalFlip(1.5); },
              ThrowsMessage<std::invalid_argument>(
                  "RandomVerticalFlip: probability must be 0 to 1, got 1.5"));
  EXPECT_THAT([] { Grayscale(2); },
              ThrowsMessage<std::invalid_argument>("Grayscale: channels must be 1 or 3, got 2"));
  EXPECT_THAT([] { Compose({nullptr}); },
              ThrowsMessage<std::invalid_argument>("Compose: a null transform"));
  EXPECT_THAT(
      [] {
        to_float(counting(1, 1), {{1, 2}, {1, 2}});
      },
      ThrowsMessage<std::invalid_argument>(
          "to_float: expected 1 or 1 values of mean and of std, got 2 and 2"));
  EXPECT_THAT(
      [] {
        to_float(counting(1, 1), {{1}, {0}});
      },
      ThrowsMessage<std::invalid_argument>("to_float: std must not be 0"));
}

}  // namespace
}  // namespace smtrain::data
