// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/synth_digits.h"

#include "smtrain/data/idx.h"
#include "smtrain/data/sample_random.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace smtrain::data {
namespace {

constexpr int kSide = 28;
constexpr int kPixels = kSide * kSide;

/// In the box of a digit: x to the right and y down, both from -100 to 100.
struct Point {
  float x, y;
};

enum class Line { straight, curved };

struct Stroke {
  Line line;
  std::vector<Point> points;  // a curved stroke is a spline through them
};

using Glyph = std::vector<Stroke>;

/// The ways to write each digit: [digit][way].
const std::array<std::vector<Glyph>, 10>& glyphs() {
  using enum Line;
  static const std::array<std::vector<Glyph>, 10> table = {{
      // 0
      {{{curved, {{10, -100}, {-55, -50}, {-60, 35}, {0, 100}, {55, 45}, {60, -40}, {5, -100}}}},
       {{curved, {{30, -90}, {-30, -85}, {-65, 10}, {-20, 95}, {50, 50}, {55, -45}, {-5, -95}}}}},
      // 1: a bar, with a flag, with flag and foot
      {{{straight, {{5, -100}, {-5, 100}}}},
       {{straight, {{-35, -55}, {10, -100}, {10, 100}}}},
       {{straight, {{-30, -60}, {5, -100}, {5, 100}}}, {straight, {{-45, 100}, {50, 100}}}}},
      // 2: with a straight and with a looped foot
      {{{curved, {{-55, -50}, {-15, -100}, {50, -65}, {25, 0}, {-55, 95}}},
        {straight, {{-55, 95}, {65, 90}}}},
       {{curved,
         {{-50, -60}, {0, -100}, {50, -50}, {0, 40}, {-50, 85}, {-55, 55}, {-10, 65}, {65, 95}}}}},
      // 3: round, and with a flat top
      {{{curved, {{-50, -75}, {5, -100}, {50, -55}, {-5, -8}}},
        {curved, {{-5, -8}, {60, 40}, {10, 100}, {-60, 75}}}},
       {{straight, {{-50, -95}, {50, -95}, {-5, -15}}},
        {curved, {{-5, -15}, {55, 20}, {35, 90}, {-55, 85}}}}},
      // 4: open and closed
      {{{straight, {{-40, -95}, {-50, 10}, {60, 5}}}, {straight, {{35, -75}, {30, 100}}}},
       {{straight, {{30, 100}, {30, -100}, {-65, 30}, {70, 30}}}},
       {{curved, {{-45, -90}, {-50, -10}, {5, 10}, {45, -20}}},
        {straight, {{45, -95}, {35, 100}}}}},
      // 5
      {{{straight, {{55, -95}, {-35, -95}, {-45, -15}}},
        {curved, {{-45, -15}, {15, -25}, {55, 30}, {10, 95}, {-55, 80}}}},
       {{curved, {{-30, -90}, {-40, -20}, {20, -15}, {50, 40}, {0, 100}, {-60, 85}}},
        {straight, {{-30, -90}, {60, -90}}}}},
      // 6
      {{{curved, {{40, -95}, {-25, -50}, {-55, 40}, {0, 100}, {50, 50}, {5, 5}, {-50, 45}}}},
       {{curved, {{10, -100}, {-40, -20}, {-45, 70}, {15, 95}, {45, 45}, {-5, 20}, {-40, 60}}}}},
      // 7: plain, with a bar, curved
      {{{straight, {{-60, -90}, {60, -90}, {-10, 100}}}},
       {{straight, {{-60, -90}, {60, -90}, {-10, 100}}}, {straight, {{-30, 5}, {50, 0}}}},
       {{curved, {{-60, -65}, {-30, -95}, {50, -90}, {25, 0}, {0, 100}}}}},
      // 8: one stroke, and two rings
      {{{curved,
         {{45, -75},
          {-10, -100},
          {-45, -55},
          {40, 35},
          {0, 100},
          {-50, 50},
          {15, -15},
          {50, -75}}}},
       {{curved, {{0, -10}, {-45, -50}, {0, -100}, {45, -55}, {0, -10}}},
        {curved, {{0, -10}, {-55, 45}, {0, 100}, {55, 45}, {0, -10}}}}},
      // 9: with a straight and with a hooked tail
      {{{curved, {{45, -55}, {0, -100}, {-50, -50}, {-5, -5}, {45, -55}}},
        {straight, {{45, -60}, {35, 100}}}},
       {{curved,
         {{40, -75}, {-15, -95}, {-45, -40}, {5, -10}, {40, -60}, {40, 30}, {0, 100}, {-40, 85}}}}},
  }};
  return table;
}

/// The points of a stroke as a polyline: Catmull-Rom splines become short segments.
std::vector<Point> polyline(const Stroke& stroke) {
  constexpr int kSteps = 8;
  const auto& p = stroke.points;
  if (stroke.line == Line::straight) return p;
  std::vector<Point> line = {p.front()};
  for (size_t i = 0; i + 1 < p.size(); ++i) {
    const Point a = p[i == 0 ? 0 : i - 1], b = p[i], c = p[i + 1],
                d = p[std::min(i + 2, p.size() - 1)];
    for (int step = 1; step <= kSteps; ++step) {
      const float t = static_cast<float>(step) / kSteps;
      const auto spline = [t](float w, float x, float y, float z) {
        return x + 0.5f * t * (y - w + t * (2 * w - 5 * x + 4 * y - z + t * (3 * (x - y) + z - w)));
      };
      line.push_back({spline(a.x, b.x, c.x, d.x), spline(a.y, b.y, c.y, d.y)});
    }
  }
  return line;
}

/// From the box of a digit to pixels.
struct Affine {
  float xx, xy, yx, yy, x0, y0;
  Point operator()(Point p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
};

Affine draw_affine(SampleRandom& random) {
  constexpr float kCentre = (kSide - 1) / 2.0f;
  constexpr float kScale = 9.5f / 100;       // pixels per unit: MNIST's digits fill 20 x 20 pixels
  const float angle = random.normal(0.16f);  // radians
  const float slant = random.normal(0.22f);
  const float width = kScale * random.uniform(0.65f, 1.15f);
  const float height = kScale * random.uniform(0.8f, 1.1f);
  const float cosine = std::cos(angle), sine = std::sin(angle);
  return {.xx = cosine * width,
          .xy = (-cosine * slant - sine) * height,
          .yx = sine * width,
          .yy = (cosine - sine * slant) * height,
          .x0 = kCentre + random.normal(1.0f),
          .y0 = kCentre + random.normal(1.0f)};
}

float distance_to_segment(Point p, Point a, Point b) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float length2 = dx * dx + dy * dy;
  const float t = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
  const float along = std::clamp(t, 0.0f, 1.0f);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/// Covers pixels by a round pen: `ink` holds the coverage, 0 to 1, with an edge one pixel soft.
void draw_segment(Point a, Point b, float radius, std::array<float, kPixels>& ink) {
  const float reach = radius + 0.5f;
  const int left = std::max(0, static_cast<int>(std::ceil(std::min(a.x, b.x) - reach)));
  const int right = std::min(kSide - 1, static_cast<int>(std::floor(std::max(a.x, b.x) + reach)));
  const int top = std::max(0, static_cast<int>(std::ceil(std::min(a.y, b.y) - reach)));
  const int bottom = std::min(kSide - 1, static_cast<int>(std::floor(std::max(a.y, b.y) + reach)));
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const Point centre = {static_cast<float>(x), static_cast<float>(y)};
      const float coverage = std::clamp(reach - distance_to_segment(centre, a, b), 0.0f, 1.0f);
      float& pixel = ink[static_cast<size_t>(y * kSide + x)];
      pixel = std::max(pixel, coverage);
    }
  }
}

void draw_digit(int digit, SampleRandom& random, uint8_t* picture) {
  constexpr float kJitter = 8.5f;     // of a stroke's points, in units of the box
  constexpr float kInkNoise = 0.12f;  // of covered pixels
  constexpr int kMostSpecks = 5;      // stray dots
  const auto& variants = glyphs()[static_cast<size_t>(digit)];
  Glyph glyph = variants[static_cast<size_t>(random.pick(static_cast<int>(variants.size())))];
  const Affine affine = draw_affine(random);
  const float radius = random.uniform(0.6f, 1.7f);
  const float brightness = random.uniform(0.75f, 1.1f);

  std::array<float, kPixels> ink = {};
  for (Stroke& stroke : glyph) {
    for (Point& point : stroke.points) {
      point = affine({point.x + random.normal(kJitter), point.y + random.normal(kJitter)});
    }
    const std::vector<Point> line = polyline(stroke);
    for (size_t i = 0; i + 1 < line.size(); ++i) draw_segment(line[i], line[i + 1], radius, ink);
  }
  for (int speck = random.pick(kMostSpecks + 1); speck > 0; --speck) {
    ink[static_cast<size_t>(random.pick(kPixels))] = random.uniform(0.2f, 0.9f);
  }
  for (size_t i = 0; i < ink.size(); ++i) {
    const float value = ink[i] > 0 ? ink[i] * (brightness + random.normal(kInkNoise)) : 0;
    picture[i] = static_cast<uint8_t>(255 * std::clamp(value, 0.0f, 1.0f) + 0.5f);
  }
}

}  // namespace

Digits draw_digits(int64_t count, uint64_t seed, uint32_t part) {
  check(count > 0 && count <= std::numeric_limits<uint32_t>::max(),
        "draw_digits: expected 1 to 2^32-1 digits, got ", count);
  Digits digits{.images = {DType::u8, {count, kSide, kSide}, {}},
                .labels = {DType::u8, {count}, {}}};
  digits.images.bytes.resize(static_cast<size_t>(count * kPixels));
  digits.labels.bytes.resize(static_cast<size_t>(count));
#pragma omp parallel for
  for (int64_t i = 0; i < count; ++i) {
    SampleRandom random(seed, part, i);
    const int digit = random.pick(10);
    digits.labels.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(digit);
    draw_digit(digit, random, &digits.images.bytes[static_cast<size_t>(i * kPixels)]);
  }
  return digits;
}

void write_synth_digits(const std::filesystem::path& folder, const SynthDigitsOptions& options) {
  std::filesystem::create_directories(folder);
  const Digits train = draw_digits(options.train, options.seed, 0);
  write_idx(folder / "train-images-idx3-ubyte.gz", train.images);
  write_idx(folder / "train-labels-idx1-ubyte.gz", train.labels);
  const Digits test = draw_digits(options.test, options.seed, 1);
  write_idx(folder / "t10k-images-idx3-ubyte.gz", test.images);
  write_idx(folder / "t10k-labels-idx1-ubyte.gz", test.labels);
}

}  // namespace smtrain::data
