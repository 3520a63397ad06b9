// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/canvas.h"

#include <gtest/gtest.h>

#include <string>

namespace smtrain::app {
namespace {

/// The picture as text, a line per row: '#' black, '.' white, '+' between them.
std::string drawn(const Canvas& canvas) {
  const data::Image& image = canvas.image();
  std::string text;
  for (int64_t y = 0; y < image.height; ++y) {
    text += '\n';
    for (int64_t x = 0; x < image.width; ++x) {
      const uint8_t value = image.pixels[static_cast<size_t>((y * image.width + x) * 3)];
      text += value == 0 ? '#' : value == 255 ? '.' : '+';
    }
  }
  return text;
}

TEST(Canvas, TextToTheRightAndUp) {
  Canvas right({13, 9}, kWhite);
  right.text({1, 1}, "7L", kBlack);
  EXPECT_EQ(drawn(right), R"(
.............
.#####.#.....
.....#.#.....
....#..#.....
...#...#.....
..#....#.....
..#....#.....
..#....#####.
.............)");
  Canvas up({9, 13}, kWhite);
  up.text({1, 11}, "7L", kBlack, Canvas::Direction::up);
  EXPECT_EQ(drawn(up), R"(
.........
.......#.
.......#.
.......#.
.......#.
.#######.
.........
.##......
.#.#.....
.#..#....
.#...###.
.#.......
.........)");
}

TEST(Canvas, LettersOutsideAsciiAreBoxes) {
  Canvas canvas({5, 7}, kWhite);
  canvas.text({0, 0}, "고", kBlack);
  EXPECT_EQ(drawn(canvas), R"(
#####
#...#
#...#
#...#
#...#
#...#
#####)");
  EXPECT_EQ(text_extent("고양이").width, 17);
  EXPECT_EQ(text_extent("").width, 0);
}

TEST(Canvas, TextIsCutBetweenCharacters) {
  EXPECT_EQ(fitting("tabby", 29), "tabby");
  EXPECT_EQ(fitting("tabby", 28), "tabb");
  EXPECT_EQ(fitting("고양이", 16), "고양");
  EXPECT_EQ(fitting("tabby", 4), "");
}

TEST(Canvas, FramesLieInsideAndDrawingOutsideIsCut) {
  Canvas canvas({6, 5}, kWhite);
  canvas.frame({1, 1}, {4, 3}, 1, kBlack);
  canvas.fill({5, 4}, {100, 100}, kBlack);
  canvas.fill({-5, -5}, {6, 6}, kBlack);
  EXPECT_EQ(drawn(canvas), R"(
#.....
.####.
.#..#.
.####.
.....#)");
}

TEST(Canvas, LinesAreSmooth) {
  Canvas straight({5, 4}, kWhite);
  straight.line(1, 1, 3, 1, 1, kBlack);
  EXPECT_EQ(drawn(straight), R"(
.....
.###.
.....
.....)");
  Canvas between({4, 4}, kWhite);
  between.line(-5, 1.5, 5, 1.5, 1, kBlack);
  EXPECT_EQ(drawn(between), R"(
....
++++
++++
....)");
}

TEST(Canvas, PicturesAreEnlargedPixelByPixel) {
  Canvas canvas({5, 4}, kBlack);
  canvas.picture({1, 0}, {.height = 2, .width = 2, .channels = 1, .pixels = {255, 0, 0, 255}}, 2);
  EXPECT_EQ(drawn(canvas), R"(
#..##
#..##
###..
###..)");
}

}  // namespace
}  // namespace smtrain::app
