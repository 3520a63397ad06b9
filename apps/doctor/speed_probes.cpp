// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/doctor/probe.h"
#include "smtrain/apps/doctor/scratch_file.h"
#include "smtrain/data/decode.h"
#include "smtrain/data/jpeg.h"
#include "smtrain/data/prefetcher.h"
#include "smtrain/data/resize.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/machine.h"
#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/engine/ops/matmul.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace smtrain::app {
namespace {

constexpr double kSeconds = 0.25;  // that a measurement takes, if one run of it is not longer

template <typename Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The fastest of at least two runs after a first one: what other processes did not disturb.
template <typename Work>
double fastest_seconds(const Work& work) {
  double fastest = std::numeric_limits<double>::infinity(), total = seconds_of(work);
  for (int runs = 0; runs < 2 || total < kSeconds; ++runs) {
    const double seconds = seconds_of(work);
    fastest = std::min(fastest, seconds);
    total += seconds;
  }
  return fastest;
}

Finding speed(double amount, double seconds, const char* unit) {
  return {.text = "", .number = amount / std::max(seconds, 1e-9), .unit = unit};
}

Finding conv2d_speed(const Shape& input, const Shape& weight, int64_t padding) {
  const NoGradGuard no_grad;
  const Tensor x = full(input, 0.5, {.format = MemoryFormat::channels_last});
  const Tensor w = full(weight, 0.5), bias = zeros({weight[0]});
  const Conv2dOptions options{.padding = padding};
  const int64_t outputs = conv2d(x, w, bias, options).numel();
  const double seconds = fastest_seconds([&] { conv2d(x, w, bias, options); });
  const auto products = static_cast<double>(outputs * weight[1] * weight[2] * weight[3]);
  return speed(2 * products / 1e9, seconds, "GFLOP/s");
}

/// A picture with about the detail of a photograph.
data::Image drawn_picture() {
  data::Image image{.height = 375, .width = 500, .channels = 3, .pixels = {}};
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto wave = std::sin(static_cast<double>((x + 40 * c) * (y + 90)) / 2000);
        const auto grain = static_cast<double>((x * 7919 + y * 104729 + c * 31) % 23);
        image.pixels.push_back(static_cast<uint8_t>(116 + 100 * wave + grain));
      }
    }
  }
  return image;
}

Finding decode_speed(int threads) {
  const std::vector<uint8_t> jpeg = data::encode_jpeg(drawn_picture());
  const auto seconds_for = [&](int64_t pictures, int loaders) {
    return seconds_of([&] {
      data::Prefetcher loading(
          loaders, [&](int64_t) { data::resize(data::decode(jpeg, "drawn picture"), 96, 96); });
      loading.allow(pictures);
      loading.wait(pictures);
    });
  };
  constexpr int64_t kFew = 8;
  const double one = seconds_for(kFew, 0) / kFew;
  const auto pictures = static_cast<int64_t>(std::clamp(kSeconds * threads / one, 8.0, 1e5));
  return speed(static_cast<double>(pictures), seconds_for(pictures, threads), "images/s");
}

constexpr size_t kBlock = size_t{1} << 20;
constexpr off_t kFileBytes = off_t{64} << 20;

/// Writes blocks until there are enough of them or a second is over; returns the bytes written.
off_t fill(const ScratchFile& file) {
  const std::vector<uint8_t> block(kBlock, 0x5a);
  const auto start = std::chrono::steady_clock::now();
  off_t written = 0;
  while (written < kFileBytes &&
         std::chrono::steady_clock::now() - start < std::chrono::seconds(1)) {
    const ssize_t bytes = ::write(file.descriptor(), block.data(), block.size());
    if (bytes <= 0) ScratchFile::fail_with("scratch file", "cannot write");
    written += bytes;
  }
  if (::fsync(file.descriptor()) != 0) ScratchFile::fail_with("scratch file", "cannot write");
  return written;
}

void read_back(const ScratchFile& file) {
  std::vector<uint8_t> block(kBlock);
  ssize_t bytes = 0;
  for (off_t at = 0; (bytes = ::pread(file.descriptor(), block.data(), block.size(), at)) > 0;)
    at += bytes;
  if (bytes < 0) ScratchFile::fail_with("scratch file", "cannot read");
}

}  // namespace

Finding CopyProbe::run() const {
  const std::vector<uint8_t> from(size_t{64} << 20, 1);
  std::vector<uint8_t> to(from.size());
  const double seconds = fastest_seconds([&] { std::memcpy(to.data(), from.data(), from.size()); });
  return speed(static_cast<double>(from.size()) / 1e9, seconds, "GB/s");
}

Finding MatmulProbe::run() const {
  constexpr int64_t kSize = 768;
  const NoGradGuard no_grad;
  const Tensor a = full({kSize, kSize}, 0.5), b = full({kSize, kSize}, 0.25);
  const double seconds = fastest_seconds([&] { matmul(a, b); });
  return speed(2.0 * kSize * kSize * kSize / 1e9, seconds, "GFLOP/s");
}

Finding FirstConv2dProbe::run() const { return conv2d_speed({4, 3, 96, 96}, {6, 3, 7, 7}, 0); }

Finding Conv2dProbe::run() const { return conv2d_speed({4, 64, 56, 56}, {64, 64, 3, 3}, 1); }

Finding DecodeProbe::run() const { return decode_speed(1); }

Finding DecodeOnAllProbe::run() const { return decode_speed(allowed_processors()); }

Finding DiskWriteProbe::run() const {
  const ScratchFile file;
  off_t written = 0;
  const double seconds = seconds_of([&] { written = fill(file); });
  return speed(static_cast<double>(written) / 1e6, seconds, "MB/s");
}

Finding DiskReadProbe::run() const {
  const ScratchFile file;
  const off_t written = fill(file);
  ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
  return speed(static_cast<double>(written) / 1e6, seconds_of([&] { read_back(file); }), "MB/s");
}

}  // namespace smtrain::app
