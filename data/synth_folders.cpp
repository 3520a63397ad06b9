// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/synth_folders.h"

#include "smtrain/data/png.h"
#include "smtrain/data/sample_random.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>

namespace smtrain::data {
namespace {

/// In a shape's own coordinates: it lies within -1 to 1.
struct Point {
  float x, y;
};

using Colour = std::array<float, 3>;  // 0 to 255

struct NamedShape {
  const char* name;
  bool (*covers)(Point);
};

constexpr std::array<NamedShape, 6> kShapes = {{
    {"disk", [](Point p) { return p.x * p.x + p.y * p.y < 0.8f; }},
    {"square", [](Point p) { return std::max(std::fabs(p.x), std::fabs(p.y)) < 0.8f; }},
    {"triangle", [](Point p) { return p.y < 0.6f && std::fabs(p.x) < (p.y + 1) * 0.6f; }},
    {"ring", [](Point p) { return std::fabs(std::hypot(p.x, p.y) - 0.7f) < 0.2f; }},
    {"cross",
     [](Point p) {
       return std::min(std::fabs(p.x), std::fabs(p.y)) < 0.25f &&
              std::max(std::fabs(p.x), std::fabs(p.y)) < 0.9f;
     }},
    {"bar", [](Point p) { return std::fabs(p.x) < 0.95f && std::fabs(p.y) < 0.3f; }},
}};

struct NamedTexture {
  const char* prefix;
  bool (*marked)(Point);  // where the second colour shows
};

bool odd(float value) { return static_cast<int>(std::floor(value)) % 2 != 0; }

constexpr std::array<NamedTexture, 4> kTextures = {{
    {"", [](Point) { return false; }},
    {"striped_", [](Point p) { return odd(p.x * 5); }},
    {"checked_", [](Point p) { return odd(p.x * 4) != odd(p.y * 4); }},
    {"dotted_",
     [](Point p) {
       const float x = p.x * 3 - std::floor(p.x * 3) - 0.5f,
                   y = p.y * 3 - std::floor(p.y * 3) - 0.5f;
       return x * x + y * y < 0.09f;
     }},
}};

static_assert(kShapes.size() * kTextures.size() == kMaxShapeClasses);

void check_class(const char* function, int shape_class) {
  check(shape_class >= 0 && shape_class < kMaxShapeClasses, function, ": expected class 0 to ",
        kMaxShapeClasses - 1, ", got ", shape_class);
}

Colour draw_colour(SampleRandom& random, float low, float high) {
  return {random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
}

/// Calls f(i) for 0 <= i < count on all threads, and throws the first exception of any.
template <typename F>
void parallel_for(int64_t count, const F& f) {
  std::exception_ptr first;
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) {
    try {
      f(i);
    } catch (...) {
#pragma omp critical
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

void write_part(const std::filesystem::path& folder, const SynthFoldersOptions& options,
                uint32_t part, int64_t per_class) {
  for (int c = 0; c < options.classes; ++c) {
    const std::string name = shape_class_name(c);
    std::filesystem::create_directories(folder / name);
    parallel_for(per_class, [&](int64_t i) {
      char number[32];
      std::snprintf(number, sizeof number, "_%05lld.png", static_cast<long long>(i + 1));
      write_png(folder / name / (name + number),
                draw_shape(c, options.side, options.seed, part, c * per_class + i));
    });
  }
}

}  // namespace

std::string shape_class_name(int shape_class) {
  check_class("shape_class_name", shape_class);
  const auto c = static_cast<size_t>(shape_class);
  return std::string(kTextures[c / kShapes.size()].prefix) + kShapes[c % kShapes.size()].name;
}

Image draw_shape(int shape_class, int64_t side, uint64_t seed, uint32_t part, int64_t index) {
  check_class("draw_shape", shape_class);
  constexpr float kNoise = 14;    // of a colour value of 0 to 255
  constexpr int kSubsamples = 2;  // per pixel and direction, against jagged edges
  const auto c = static_cast<size_t>(shape_class);
  const auto covers = kShapes[c % kShapes.size()].covers;
  const auto marked = kTextures[c / kShapes.size()].marked;

  SampleRandom random(seed, part, index);
  const auto length = [&] {
    return static_cast<int64_t>(static_cast<float>(side) * random.uniform(0.75f, 1.25f));
  };
  Image image{.height = length(), .width = length(), .channels = 3, .pixels = {}};
  image.pixels.resize(static_cast<size_t>(image.height * image.width * 3));

  // Either may be the brighter one.
  const bool bright_shape = random.pick(2) == 1;
  const Colour shape_colour = draw_colour(random, bright_shape ? 120 : 0, bright_shape ? 255 : 135);
  const Colour second_colour = draw_colour(random, 0, 255);
  const Colour ground_from = draw_colour(random, bright_shape ? 0 : 100, bright_shape ? 155 : 255);
  const Colour ground_to = draw_colour(random, bright_shape ? 0 : 100, bright_shape ? 155 : 255);

  const auto height = static_cast<float>(image.height), width = static_cast<float>(image.width);
  const float radius = std::min(height, width) / 2 * random.uniform(0.35f, 0.85f);
  const float angle = random.uniform(0, 6.2831853f);
  const float cosine = std::cos(angle) / radius, sine = std::sin(angle) / radius;
  const float x0 = width / 2 + (width / 2 - radius) * random.uniform(-0.8f, 0.8f);
  const float y0 = height / 2 + (height / 2 - radius) * random.uniform(-0.8f, 0.8f);

  uint8_t* out = image.pixels.data();
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      float shape = 0, second = 0;  // the pixel's shares of these colours
      for (int s = 0; s < kSubsamples * kSubsamples; ++s) {
        const float dx =
            static_cast<float>(x) + (static_cast<float>(s % kSubsamples) + 0.5f) / kSubsamples - x0;
        const float dy =
            static_cast<float>(y) + (static_cast<float>(s / kSubsamples) + 0.5f) / kSubsamples - y0;
        const Point p = {cosine * dx + sine * dy, cosine * dy - sine * dx};
        if (covers(p)) (marked(p) ? second : shape) += 1.0f / (kSubsamples * kSubsamples);
      }
      const float fade = static_cast<float>(y) / height;
      for (size_t k = 0; k < 3; ++k) {
        const float ground = ground_from[k] + fade * (ground_to[k] - ground_from[k]);
        const float value =
            shape * shape_colour[k] + second * second_colour[k] + (1 - shape - second) * ground;
        *out++ = static_cast<uint8_t>(std::clamp(value + random.normal(kNoise), 0.0f, 255.0f));
      }
    }
  }
  return image;
}

void write_synth_folders(const std::filesystem::path& folder, const SynthFoldersOptions& options) {
  check(options.classes >= 1 && options.classes <= kMaxShapeClasses,
        "synth folders: classes must be 1 to ", kMaxShapeClasses, ", got ", options.classes);
  check(options.train >= 1 && options.validation >= 0,
        "synth folders: pictures per class must be at least 1 for train "
        "and 0 for validation, got ",
        options.train, " and ", options.validation);
  check(options.side >= 16 && options.side <= 4096, "synth folders: side must be 16 to 4096, got ",
        options.side);
  write_part(folder / "train", options, 0, options.train);
  if (options.validation > 0) write_part(folder / "validation", options, 1, options.validation);
}

}  // namespace smtrain::data
