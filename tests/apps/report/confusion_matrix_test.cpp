// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/confusion_matrix.h"

#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>

namespace smtrain::app {
namespace {

int red(const data::Image& image, int64_t x, int64_t y) {
  return image.pixels[static_cast<size_t>((y * image.width + x) * 3)];
}

TEST(ConfusionMatrix, Counts) {
  ConfusionMatrix matrix({"a", "b", "c"});
  matrix.add(2, 0);
  matrix.add(2, 0);
  matrix.add(1, 1);
  EXPECT_EQ(matrix.counts, (std::vector<int64_t>{0, 0, 0, 0, 1, 0, 2, 0, 0}));
  EXPECT_EQ(matrix.at(2, 0), 2);
  EXPECT_THROW_WITH(matrix.add(3, 0), "ConfusionMatrix: expected classes 0 to 2, got 3 and 0");
  EXPECT_THROW_WITH(matrix.add(0, -1), "ConfusionMatrix: expected classes 0 to 2, got 0 and -1");
}

TEST(ConfusionMatrix, FieldsAreShadedByTheirPartOfTheRow) {
  ConfusionMatrix matrix({"a", "b"});
  for (int i = 0; i < 4; ++i) matrix.add(0, 0);
  for (int i = 0; i < 6; ++i) matrix.add(1, i % 2);
  const data::Image picture = draw(matrix);
  // Names of one letter: fields of 34 pixels begin at 4 * 8 + 5.
  ASSERT_EQ(picture.width, 37 + 2 * 34 + 8);
  ASSERT_EQ(picture.height, picture.width);
  const int64_t first = 37 + 3, second = first + 34;
  EXPECT_EQ(red(picture, first, first), 8);
  EXPECT_EQ(red(picture, second, first), 255);
  EXPECT_EQ(red(picture, first, second), 132);  // half-way between 8 and 255
  EXPECT_EQ(red(picture, second, second), 132);
}

TEST(ConfusionMatrix, ManyClassesMakeSmallFields) {
  ConfusionMatrix matrix(std::vector<std::string>(1000, "a class with a name"));
  matrix.add(999, 999);
  const data::Image picture = draw(matrix);
  EXPECT_EQ(picture.width, 32 + 1000 + 8);
  EXPECT_EQ(red(picture, 32 + 999, 32 + 999), 8);
  EXPECT_EQ(red(picture, 32 + 999, 32 + 998), 255);
}

}  // namespace
}  // namespace smtrain::app
