// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/crop.h"

#include "smtrain/tests/data/apply_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace smtrain::data {
namespace {

using test::apply;
using test::counting;
using ::testing::ElementsAre;

// torchvision rounds half an offset to even, and pads the smaller half first.
TEST(Crop, CenterCrop) {
  EXPECT_THAT(apply(CenterCrop({1, 2}), counting(3, 4)).pixels, ElementsAre(6, 7));
  EXPECT_THAT(apply(CenterCrop({1, 1}), counting(1, 4)).pixels, ElementsAre(3));  // 1.5 to 2
  EXPECT_THAT(apply(CenterCrop({1, 1}), counting(1, 2)).pixels, ElementsAre(1));  // 0.5 to 0
  EXPECT_THAT(apply(CenterCrop({1, 5}), counting(1, 2)).pixels, ElementsAre(0, 1, 2, 0, 0));
  EXPECT_THAT(apply(CenterCrop({3, 1}), counting(2, 3)).pixels, ElementsAre(2, 5, 0));
}

TEST(Crop, RandomCropTakesEveryPosition) {
  std::map<int, int> first_pixels;
  for (int64_t index = 0; index < 1200; ++index) {
    const Image part = apply(RandomCrop(2), counting(3, 4), index);
    ASSERT_EQ(part.pixels.size(), 4u);
    EXPECT_EQ(part.pixels[1], part.pixels[0] + 1);
    EXPECT_EQ(part.pixels[2], part.pixels[0] + 4);
    ++first_pixels[part.pixels[0]];
  }
  EXPECT_EQ(first_pixels.size(), 6u);
  for (const auto& [pixel, count] : first_pixels) EXPECT_NEAR(count, 200, 60) << int{pixel};
}

TEST(Crop, RandomCropPadsWithBlack) {
  int black = 0;
  for (int64_t index = 0; index < 100; ++index) {
    const Image part = apply(RandomCrop({1, 1}, 1), counting(1, 1), index);
    if (part.pixels[0] == 0) ++black;
  }
  EXPECT_GT(black, 70);  // 8 of 9 positions
  EXPECT_LT(black, 100);
}

TEST(Crop, Flips) {
  Image colors{1, 2, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_THAT(apply(RandomHorizontalFlip(1), colors).pixels, ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(apply(RandomHorizontalFlip(1), counting(2, 3)).pixels, ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(apply(RandomVerticalFlip(1), counting(3, 2)).pixels, ElementsAre(5, 6, 3, 4, 1, 2));
  EXPECT_EQ(apply(RandomHorizontalFlip(0), colors).pixels, colors.pixels);
  EXPECT_EQ(apply(RandomVerticalFlip(0), colors).pixels, colors.pixels);
  int flipped = 0;
  for (int64_t index = 0; index < 1000; ++index) {
    flipped += apply(RandomHorizontalFlip(), counting(1, 2), index).pixels[0] == 2;
  }
  EXPECT_NEAR(flipped, 500, 60);
}

// Turned and narrowed in any order, also over the first one's edges.
TEST(Crop, OneCropIsSeveralTransformsOneAfterTheOther) {
  const std::vector<std::shared_ptr<const CropTransform>> transforms = {
      std::make_shared<RandomVerticalFlip>(),        std::make_shared<RandomHorizontalFlip>(),
      std::make_shared<RandomCrop>(Size2d(6, 7), 2), std::make_shared<RandomHorizontalFlip>(),
      std::make_shared<RandomCrop>(Size2d(4, 5)),    std::make_shared<RandomVerticalFlip>(),
      std::make_shared<RandomCrop>(Size2d(3, 2)),    std::make_shared<RandomHorizontalFlip>()};
  for (int64_t index = 0; index < 300; ++index) {
    Image image = counting(5, 6);
    SampleRandom one_by_one(1, 0, index), together(1, 0, index);
    for (const auto& transform : transforms) image = transform->apply(std::move(image), one_by_one);
    Crop crop{.size = {5, 6}};
    for (const auto& transform : transforms) transform->narrow(crop, together);
    const Image at_once = cropped(counting(5, 6), crop);
    EXPECT_EQ(at_once.height, 3);
    EXPECT_EQ(at_once.width, 2);
    EXPECT_EQ(at_once.pixels, image.pixels) << index;
  }
}

TEST(Crop, OfNothingIsBlack) {
  EXPECT_THAT(cropped(counting(2, 2), {.top = 5, .left = 0, .size = {1, 2}}).pixels,
              ElementsAre(0, 0));
  EXPECT_THAT(cropped(counting(2, 2), {.top = 0, .left = -7, .size = {1, 2}}).pixels,
              ElementsAre(0, 0));
}

}  // namespace
}  // namespace smtrain::data
