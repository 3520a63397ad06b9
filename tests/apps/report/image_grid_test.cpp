// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/image_grid.h"

#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>

namespace smtrain::app {
namespace {

/// Of one colour, `value` in every channel.
data::Image plain(int64_t height, int64_t width, uint8_t value, int64_t channels = 3) {
  return {.height = height,
          .width = width,
          .channels = channels,
          .pixels = std::vector<uint8_t>(static_cast<size_t>(height * width * channels), value)};
}

int red(const data::Image& image, int64_t x, int64_t y) {
  return image.pixels[static_cast<size_t>((y * image.width + x) * 3)];
}
int green(const data::Image& image, int64_t x, int64_t y) {
  return image.pixels[static_cast<size_t>((y * image.width + x) * 3 + 1)];
}

TEST(ImageGrid, LaysOutAsMakeGrid) {
  std::vector<GridCell> cells;
  for (int i = 0; i < 11; ++i)
    cells.push_back({.image = plain(4, 6, static_cast<uint8_t>(100 + i), i % 2 == 0 ? 3 : 1)});
  const data::Image grid = image_grid(cells);
  // torchvision: 8 columns of 6 + 2, 2 rows of 4 + 2, and the padding at the far ends.
  ASSERT_EQ(grid.width, 8 * 8 + 2);
  ASSERT_EQ(grid.height, 2 * 6 + 2);
  for (int64_t i = 0; i < 11; ++i) {
    const int64_t x = i % 8 * 8, y = i / 8 * 6;
    EXPECT_EQ(red(grid, x + 1, y + 2), 0);
    EXPECT_EQ(red(grid, x + 2, y + 1), 0);
    EXPECT_EQ(red(grid, x + 2, y + 2), 100 + i);
    EXPECT_EQ(red(grid, x + 7, y + 5), 100 + i);
    EXPECT_EQ(red(grid, x + 8, y + 5), 0);
  }
  EXPECT_EQ(red(grid, 3 * 8 + 4, 8), 0);  // a place that no picture takes
  const data::Image two = image_grid({cells[0], cells[2]});
  EXPECT_EQ(two.width, 2 * 8 + 2);
  EXPECT_EQ(two.height, 6 + 2);
}

TEST(ImageGrid, MarksAndCaptions) {
  const data::Image grid = image_grid({{.image = plain(10, 12, 50), .caption = {"i", "long text"}},
                                       {.image = plain(10, 12, 50), .marked = true}});
  ASSERT_EQ(grid.height, 10 + 2 * 10 + 2 * 2);
  EXPECT_EQ(red(grid, 14, 0), 214);  // the frame takes the padding around the second picture
  EXPECT_EQ(green(grid, 14, 0), 39);
  EXPECT_EQ(red(grid, 27, 13), 214);
  EXPECT_EQ(red(grid, 16, 2), 50);
  EXPECT_EQ(red(grid, 1, 5), 0);
  int white = 0;
  for (int64_t y = 12; y < 34; ++y) {
    for (int64_t x = 0; x < grid.width; ++x) white += red(grid, x, y) == 255 ? 1 : 0;
    EXPECT_NE(red(grid, 15, y), 255);  // text ends with its picture
  }
  EXPECT_EQ(white, 9 + 22);  // the pixels of "i" and, of "long text", "lo"
}

TEST(ImageGrid, EnlargesPictures) {
  const data::Image grid = image_grid({{.image = plain(2, 3, 50)}}, {.padding = 1, .scale = 4});
  EXPECT_EQ(grid.width, 12 + 2);
  EXPECT_EQ(grid.height, 8 + 2);
  EXPECT_EQ(red(grid, 12, 8), 50);
}

TEST(ImageGrid, RefusesWhatIsNoGrid) {
  EXPECT_THROW_WITH(image_grid({}), "image_grid: expected at least one picture");
  EXPECT_THROW_WITH(image_grid({{.image = plain(2, 3, 0)}, {.image = plain(3, 2, 0)}}),
                    "image_grid: expected pictures of one size, got 2x3 and 3x2");
}

}  // namespace
}  // namespace smtrain::app
