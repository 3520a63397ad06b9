// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/resize.h"

#include "smtrain/engine/error.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

// Pillow's 8-bit resampling (src/libImaging/Resample.c): weights in double, rounded to 22
// fractional bits, so that a sum of weight * pixel fits 32 bits and its order does not matter.
namespace smtrain::data {
namespace {

constexpr int kFractionBits = 22;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

double support(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::box: return 0.5;
    case ResizeFilter::bilinear: return 1;
    case ResizeFilter::bicubic: return 2;
    case ResizeFilter::lanczos: return 3;
  }
  return 0;
}

double sinc(double x) {
  return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi);
}

double evaluate(ResizeFilter filter, double x) {
  switch (filter) {
    case ResizeFilter::box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case ResizeFilter::bilinear: return std::max(0.0, 1 - std::abs(x));
    case ResizeFilter::bicubic: {
      constexpr double a = -0.5;
      x = std::abs(x);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
      return 0;
    }
    case ResizeFilter::lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

// For every output position the first input it reads and its weights, `taps` apart.
struct Weights {
  int64_t in = 0;
  int64_t out = 0;
  ResizeFilter filter{};
  int64_t taps = 0;
  std::vector<int64_t> first, count;  // [out]
  std::vector<int32_t> weight;        // [out, taps]
};

Weights make_weights(int64_t in, int64_t out, ResizeFilter filter) {
  Weights w{.in = in, .out = out, .filter = filter};
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double filter_scale = std::max(scale, 1.0);
  const double radius = support(filter) * filter_scale;
  w.taps = static_cast<int64_t>(std::ceil(radius)) * 2 + 1;
  w.first.resize(out);
  w.count.resize(out);
  w.weight.resize(out * w.taps);

  std::vector<double> exact(w.taps);
  for (int64_t x = 0; x < out; ++x) {
    const double center = (static_cast<double>(x) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - radius + 0.5));
    const int64_t count = std::min(in, static_cast<int64_t>(center + radius + 0.5)) - first;
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      exact[i] =
          evaluate(filter, (static_cast<double>(i + first) - center + 0.5) * (1 / filter_scale));
      sum += exact[i];
    }
    for (int64_t i = 0; i < count; ++i) {
      const double value = (sum != 0 ? exact[i] / sum : exact[i]) * (1 << kFractionBits);
      w.weight[x * w.taps + i] = static_cast<int32_t>(value < 0 ? value - 0.5 : value + 0.5);
    }
    w.first[x] = first;
    w.count[x] = count;
  }
  return w;
}

inline __attribute__((always_inline)) uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

// The column pass computes kLanes rows at once, so its input is first turned by 90 degrees: lane l
// of element x is byte x of row l. A block of kLanes x kLanes bytes is turned by interleaving its
// halves four times.
constexpr int64_t kLanes = 16;
typedef uint8_t Lanes __attribute__((vector_size(kLanes)));

inline __attribute__((always_inline)) void transpose(Lanes (&block)[kLanes]) {
  for (int stage = 0; stage < 4; ++stage) {
    Lanes mixed[kLanes];
    for (int i = 0; i < 8; ++i) {
      mixed[2 * i] = __builtin_shufflevector(block[i], block[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                             20, 5, 21, 6, 22, 7, 23);
      mixed[2 * i + 1] = __builtin_shufflevector(block[i], block[i + 8], 8, 24, 9, 25, 10, 26, 11,
                                                 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    std::copy_n(mixed, kLanes, block);
  }
}

// Copies `size` bytes of each of kLanes rows to lanes [size rounded up to kLanes][kLanes].
SMTRAIN_VECTORIZED void rows_to_lanes(const uint8_t* const* rows, int64_t size,
                                      uint8_t* __restrict lanes) {
  for (int64_t begin = 0; begin < size; begin += kLanes) {
    Lanes block[kLanes] = {};
    const int64_t bytes = std::min(kLanes, size - begin);
    for (int l = 0; l < kLanes; ++l) {
      if (bytes == kLanes) {
        std::memcpy(&block[l], rows[l] + begin, kLanes);
      } else {
        std::memcpy(&block[l], rows[l] + begin, bytes);
      }
    }
    transpose(block);
    std::memcpy(lanes + begin * kLanes, block, sizeof block);
  }
}

// The way back, to `row_count` rows of `size` bytes one after the other.
SMTRAIN_VECTORIZED void lanes_to_rows(const uint8_t* __restrict lanes, int64_t size,
                                      int64_t row_count, uint8_t* __restrict rows) {
  for (int64_t begin = 0; begin < size; begin += kLanes) {
    Lanes block[kLanes];
    std::memcpy(block, lanes + begin * kLanes, sizeof block);
    transpose(block);
    const int64_t bytes = std::min(kLanes, size - begin);
    for (int l = 0; l < row_count; ++l) {
      if (bytes == kLanes) {
        std::memcpy(rows + l * size + begin, &block[l], kLanes);
      } else {
        std::memcpy(rows + l * size + begin, &block[l], bytes);
      }
    }
  }
}

// One value of kLanes rows: `count` inputs, `stride` elements apart, times their weights.
inline __attribute__((always_inline)) void weighted_sum(const uint8_t* __restrict in,
                                                        int64_t stride, int64_t count,
                                                        const int32_t* __restrict weight,
                                                        uint8_t* __restrict out) {
  int32_t sum[kLanes];
  for (int l = 0; l < kLanes; ++l) sum[l] = kHalf;
  for (int64_t i = 0; i < count; ++i) {
    for (int l = 0; l < kLanes; ++l) sum[l] += in[i * stride * kLanes + l] * weight[i];
  }
  for (int l = 0; l < kLanes; ++l) out[l] = to_byte(sum[l]);
}

SMTRAIN_VECTORIZED void resample_lanes(const uint8_t* __restrict in, uint8_t* __restrict out,
                                       int64_t width, int64_t channels,
                                       const int64_t* __restrict first,
                                       const int64_t* __restrict count,
                                       const int32_t* __restrict weight, int64_t taps) {
  for (int64_t x = 0; x < width; ++x) {
    for (int64_t c = 0; c < channels; ++c) {
      weighted_sum(in + (first[x] * channels + c) * kLanes, channels, count[x], weight + x * taps,
                   out + (x * channels + c) * kLanes);
    }
  }
}

// One row of `out` from `count` rows of `in`; all rows are `size` bytes.
SMTRAIN_VECTORIZED void resample_rows(const uint8_t* __restrict in, uint8_t* __restrict out,
                                      int64_t size, int64_t count,
                                      const int32_t* __restrict weight) {
  constexpr int64_t kPiece = 64;
  for (int64_t begin = 0; begin < size; begin += kPiece) {
    const int64_t lanes = std::min(kPiece, size - begin);
    int32_t sum[kPiece];
    for (int64_t j = 0; j < lanes; ++j) sum[j] = kHalf;
    for (int64_t i = 0; i < count; ++i) {
      const uint8_t* row = in + i * size + begin;
      for (int64_t j = 0; j < lanes; ++j) sum[j] += row[j] * weight[i];
    }
    for (int64_t j = 0; j < lanes; ++j) out[begin + j] = to_byte(sum[j]);
  }
}

// What a thread keeps between calls: most pictures of a data set have the size of the one before.
struct Scratch {
  Weights columns, rows;
  std::vector<uint8_t> narrowed;  // [input height, output width, channels]
  std::vector<uint8_t> lanes_in, lanes_out;
};

const Weights& weights_for(Weights& kept, int64_t in, int64_t out, ResizeFilter filter) {
  if (kept.in != in || kept.out != out || kept.filter != filter)
    kept = make_weights(in, out, filter);
  return kept;
}

void resample_columns(const Image& image, int64_t width, const Weights& w, Scratch& scratch,
                      uint8_t* out) {
  const int64_t in_size = image.width * image.channels, out_size = width * image.channels;
  const auto rounded_up = [](int64_t size) { return (size + kLanes - 1) / kLanes * kLanes; };
  scratch.lanes_in.resize(rounded_up(in_size) * kLanes);
  scratch.lanes_out.resize(rounded_up(out_size) * kLanes);
  for (int64_t y = 0; y < image.height; y += kLanes) {
    const uint8_t* rows[kLanes];  // past the last row: the last row again, whose result is dropped
    for (int l = 0; l < kLanes; ++l)
      rows[l] = &image.pixels[std::min(y + l, image.height - 1) * in_size];
    rows_to_lanes(rows, in_size, scratch.lanes_in.data());
    resample_lanes(scratch.lanes_in.data(), scratch.lanes_out.data(), width, image.channels,
                   w.first.data(), w.count.data(), w.weight.data(), w.taps);
    lanes_to_rows(scratch.lanes_out.data(), out_size, std::min(kLanes, image.height - y),
                  out + y * out_size);
  }
}

}  // namespace

Image resize(const Image& image, int64_t height, int64_t width, ResizeFilter filter) {
  check(image.channels == 1 || image.channels == 3, "resize: expected 1 or 3 channels, got ",
        image.channels);
  check(image.height > 0 && image.width > 0 && height > 0 && width > 0,
        "resize: sizes must be positive, got ", image.height, "x", image.width, " to ", height, "x",
        width);
  if (image.height == height && image.width == width) return image;

  thread_local Scratch scratch;
  Image resized{height, width, image.channels,
                std::vector<uint8_t>(height * width * image.channels)};
  const uint8_t* narrowed = image.pixels.data();
  if (width != image.width) {
    uint8_t* out = resized.pixels.data();
    if (height != image.height) {
      scratch.narrowed.resize(image.height * width * image.channels);
      out = scratch.narrowed.data();
    }
    resample_columns(image, width, weights_for(scratch.columns, image.width, width, filter),
                     scratch, out);
    narrowed = out;
  }
  if (height != image.height) {
    const Weights& w = weights_for(scratch.rows, image.height, height, filter);
    const int64_t stride = width * image.channels;
    for (int64_t y = 0; y < height; ++y) {
      resample_rows(narrowed + w.first[y] * stride, &resized.pixels[y * stride], stride, w.count[y],
                    &w.weight[y * w.taps]);
    }
  }
  return resized;
}

Size2d shorter_side_size(int64_t height, int64_t width, int64_t size) {
  check(height > 0 && width > 0 && size > 0, "shorter_side_size: sizes must be positive, got ",
        height, "x", width, " to ", size);
  const auto longer = [size](int64_t longer_side, int64_t shorter_side) {
    return static_cast<int64_t>(static_cast<double>(size * longer_side) /
                                static_cast<double>(shorter_side));
  };
  return width <= height ? Size2d{longer(height, width), size}
                         : Size2d{size, longer(width, height)};
}

}  // namespace smtrain::data
