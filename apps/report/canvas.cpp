// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/canvas.h"

#include "smtrain/apps/report/font.h"

#include <algorithm>
#include <cmath>

namespace smtrain::app {
namespace {

constexpr int64_t kAdvance = kGlyphWidth + 1;

/// How far (x, y) is from the line between two places.
double distance(double x, double y, double x0, double y0, double x1, double y1) {
  const double dx = x1 - x0, dy = y1 - y0;
  const double length2 = dx * dx + dy * dy;
  const double along = length2 == 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / length2;
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(x - (x0 + t * dx), y - (y0 + t * dy));
}

}  // namespace

Canvas::Canvas(Extent size, Color background)
    : image_{.height = size.height,
             .width = size.width,
             .channels = 3,
             .pixels = std::vector<uint8_t>(static_cast<size_t>(size.height * size.width * 3))} {
  fill({0, 0}, size, background);
}

void Canvas::blend(Point at, Color color, double opacity) {
  if (at.x < 0 || at.x >= image_.width || at.y < 0 || at.y >= image_.height) return;
  uint8_t* pixel = &image_.pixels[static_cast<size_t>((at.y * image_.width + at.x) * 3)];
  for (const uint8_t value : {color.red, color.green, color.blue}) {
    *pixel = static_cast<uint8_t>(std::lround(*pixel + opacity * (value - *pixel)));
    ++pixel;
  }
}

void Canvas::fill(Point top_left, Extent size, Color color) {
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) blend({top_left.x + x, top_left.y + y}, color, 1);
  }
}

void Canvas::frame(Point p, Extent size, int64_t thickness, Color color) {
  fill(p, {size.width, thickness}, color);
  fill({p.x, p.y + size.height - thickness}, {size.width, thickness}, color);
  fill(p, {thickness, size.height}, color);
  fill({p.x + size.width - thickness, p.y}, {thickness, size.height}, color);
}

void Canvas::line(double x0, double y0, double x1, double y1, double thickness, Color color) {
  const double reach = thickness / 2 + 1;
  const auto first = [&](double a, double b) {
    return static_cast<int64_t>(std::floor(std::min(a, b) - reach));
  };
  const auto last = [&](double a, double b) {
    return static_cast<int64_t>(std::ceil(std::max(a, b) + reach));
  };
  for (int64_t y = first(y0, y1); y <= last(y0, y1); ++y) {
    for (int64_t x = first(x0, x1); x <= last(x0, x1); ++x) {
      const double away = distance(static_cast<double>(x), static_cast<double>(y), x0, y0, x1, y1);
      blend({x, y}, color, std::clamp(thickness / 2 + 0.5 - away, 0.0, 1.0));
    }
  }
}

void Canvas::picture(Point top_left, const data::Image& picture, int64_t scale) {
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      const uint8_t* value =
          &picture.pixels[static_cast<size_t>((y * picture.width + x) * picture.channels)];
      const Color color = picture.channels == 1 ? Color{value[0], value[0], value[0]}
                                                : Color{value[0], value[1], value[2]};
      fill({top_left.x + x * scale, top_left.y + y * scale}, {scale, scale}, color);
    }
  }
}

void Canvas::text(Point start, std::string_view text, Color color, Direction direction) {
  int64_t along = 0;
  for (const Glyph& glyph : glyphs_of(text)) {
    for (int64_t column = 0; column < kGlyphWidth; ++column, ++along) {
      for (int64_t row = 0; row < kGlyphHeight; ++row) {
        if ((glyph[static_cast<size_t>(column)] >> row & 1) == 0) continue;
        blend(direction == Direction::right ? Point{start.x + along, start.y + row}
                                            : Point{start.x + row, start.y - along},
              color, 1);
      }
    }
    ++along;
  }
}

Extent text_extent(std::string_view text) {
  const auto letters = static_cast<int64_t>(glyphs_of(text).size());
  return {std::max<int64_t>(letters * kAdvance - 1, 0), kGlyphHeight};
}

std::string_view fitting(std::string_view text, int64_t width) {
  while (text_extent(text).width > width) text.remove_suffix(1);
  return text;
}

}  // namespace smtrain::app
