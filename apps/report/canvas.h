// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <string_view>

namespace smtrain::app {

struct Color {
  uint8_t red = 0, green = 0, blue = 0;
};

inline constexpr Color kWhite{255, 255, 255}, kBlack{0, 0, 0}, kGray{110, 110, 110},
    kLightGray{225, 225, 225}, kRed{214, 39, 40};

/// Pixels from the left, then from the top.
struct Point {
  int64_t x = 0, y = 0;
};

struct Extent {
  int64_t width = 0, height = 0;
};

/// An RGB picture to draw on. What lies outside of it is not drawn.
class Canvas {
 public:
  Canvas(Extent size, Color background);

  const data::Image& image() const { return image_; }

  void fill(Point top_left, Extent size, Color color);

  /// The border of a rectangle, `thickness` pixels inwards.
  void frame(Point top_left, Extent size, int64_t thickness, Color color);

  /// A smooth line between two places, which may lie between pixels.
  void line(double x0, double y0, double x1, double y1, double thickness, Color color);

  /// A picture of 1 or 3 channels, each pixel drawn as scale x scale.
  void picture(Point top_left, const data::Image& picture, int64_t scale = 1);

  enum class Direction { right, up };

  /// Letters of 5x7 pixels; `start` is the top left corner of the text, for text that goes up the
  /// bottom left one.
  void text(Point start, std::string_view text, Color color,
            Direction direction = Direction::right);

 private:
  void blend(Point at, Color color, double opacity);

  data::Image image_;
};

/// How long text() is, and how high.
Extent text_extent(std::string_view text);

/// As much of a text as is at most `width` pixels long.
std::string_view fitting(std::string_view text, int64_t width);

}  // namespace smtrain::app
