// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/synth_digits.h"

#include "smtrain/data/idx.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace smtrain::data {
namespace {

using ::testing::ThrowsMessage;

TEST(DrawDigits, IsAFunctionOfSeedPartAndIndex) {
  const Digits all = draw_digits(200, 7);
  const Digits some = draw_digits(50, 7);
  EXPECT_TRUE(
      std::equal(some.images.bytes.begin(), some.images.bytes.end(), all.images.bytes.begin()));
  EXPECT_TRUE(
      std::equal(some.labels.bytes.begin(), some.labels.bytes.end(), all.labels.bytes.begin()));
  EXPECT_NE(draw_digits(50, 8).images.bytes, some.images.bytes);
  EXPECT_NE(draw_digits(50, 7, 1).images.bytes, some.images.bytes);
}

TEST(DrawDigits, LooksLikeHandwriting) {
  const int64_t count = 2000;
  const Digits digits = draw_digits(count, 1);
  EXPECT_EQ(digits.images.shape, (Shape{count, 28, 28}));
  std::vector<int> histogram(10);
  for (const uint8_t label : digits.labels.bytes) ++histogram.at(label);
  EXPECT_GT(*std::min_element(histogram.begin(), histogram.end()), 140);

  for (int64_t i = 0; i < count; ++i) {
    const auto* picture = &digits.images.bytes[static_cast<size_t>(i * 784)];
    const auto inked =
        std::count_if(picture, picture + 784, [](uint8_t pixel) { return pixel > 0; });
    EXPECT_GT(inked, 15) << i;
    EXPECT_LT(inked, 450) << i;
  }
}

/// The share of test digits whose class a nearest class mean finds: above guessing by far, and far
/// from perfect.
TEST(DrawDigits, CanBeLearnedButNotWithoutEffort) {
  const Digits train = draw_digits(4000, 1, 0), test = draw_digits(1000, 1, 1);
  std::vector<std::vector<double>> sums(10, std::vector<double>(784));
  std::vector<double> counts(10);
  for (size_t i = 0; i < 4000; ++i) {
    const uint8_t label = train.labels.bytes[i];
    ++counts[label];
    for (size_t p = 0; p < 784; ++p) sums[label][p] += train.images.bytes[i * 784 + p];
  }
  int correct = 0;
  for (size_t i = 0; i < 1000; ++i) {
    std::vector<double> distances(10);
    for (size_t c = 0; c < 10; ++c) {
      for (size_t p = 0; p < 784; ++p) {
        distances[c] += std::pow(test.images.bytes[i * 784 + p] - sums[c][p] / counts[c], 2);
      }
    }
    const auto nearest = std::min_element(distances.begin(), distances.end()) - distances.begin();
    correct += nearest == test.labels.bytes[i];
  }
  EXPECT_GT(correct, 500);
  EXPECT_LT(correct, 900);
}

TEST(WriteSynthDigits, WritesMnistsFiles) {
  const test::TemporaryDirectory directory;
  write_synth_digits(directory / "new/folder", {.train = 30, .test = 20, .seed = 3});
  const auto folder = directory.path() / "new/folder";
  const auto train = IdxDataset::open(folder / "train-images-idx3-ubyte.gz",
                                      folder / "train-labels-idx1-ubyte.gz");
  const auto test =
      IdxDataset::open(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  EXPECT_EQ(train->size(), 30);
  EXPECT_EQ(test->size(), 20);
  const Digits again = draw_digits(20, 3, 1);
  EXPECT_TRUE(std::equal(test->pixels().begin(), test->pixels().end(), again.images.bytes.begin()));
  const auto before = read_file(folder / "t10k-images-idx3-ubyte.gz", 1 << 20);
  write_synth_digits(folder, {.train = 30, .test = 20, .seed = 3});
  EXPECT_EQ(read_file(folder / "t10k-images-idx3-ubyte.gz", 1 << 20), before);
}

TEST(WriteIdx, RefusesWhatIsNotBytes) {
  EXPECT_THAT(
      [] {
        write_idx("x", {DType::f32, Shape{1}, {0, 0, 0, 0}});
      },
      ThrowsMessage<std::invalid_argument>("write_idx: expected u8 elements, got f32"));
}

}  // namespace
}  // namespace smtrain::data
