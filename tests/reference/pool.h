// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/pool.h"

#include <cmath>
#include <limits>

namespace smtrain::reference {

/// max_pool2d of float64 images, for options whose every window holds an input; without ceil_mode.
inline Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options) {
  const auto& [kernel, stride, padding, dilation, ceil_mode] = options;
  const int64_t height = x.size(2), width = x.size(3);
  const int64_t out_height =
      (height + 2 * padding.height - dilation.height * (kernel.height - 1) - 1) / stride.height + 1;
  const int64_t out_width =
      (width + 2 * padding.width - dilation.width * (kernel.width - 1) - 1) / stride.width + 1;
  const std::vector<double> xs = x.to_vector<double>();
  std::vector<double> y;
  for (int64_t plane = 0; plane < x.size(0) * x.size(1); ++plane) {
    for (int64_t oh = 0; oh < out_height; ++oh) {
      for (int64_t ow = 0; ow < out_width; ++ow) {
        double best = -std::numeric_limits<double>::infinity();
        for (int64_t i = 0; i < kernel.height; ++i) {
          for (int64_t j = 0; j < kernel.width; ++j) {
            const int64_t h = oh * stride.height - padding.height + i * dilation.height;
            const int64_t w = ow * stride.width - padding.width + j * dilation.width;
            if (h < 0 || h >= height || w < 0 || w >= width || std::isnan(best)) continue;
            const double value = xs[static_cast<size_t>((plane * height + h) * width + w)];
            if (value > best || std::isnan(value)) best = value;
          }
        }
        y.push_back(best);
      }
    }
  }
  return from_vector(y, {x.size(0), x.size(1), out_height, out_width});
}

/// The average of each window of adaptive_avg_pool2d in float64.
inline Tensor adaptive_avg_pool2d(const Tensor& x, Size2d output_size) {
  const int64_t height = x.size(2), width = x.size(3);
  const std::vector<double> xs = x.to_vector<double>();
  std::vector<double> y;
  for (int64_t plane = 0; plane < x.size(0) * x.size(1); ++plane) {
    for (int64_t oh = 0; oh < output_size.height; ++oh) {
      for (int64_t ow = 0; ow < output_size.width; ++ow) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t h = 0; h < height; ++h) {
          for (int64_t w = 0; w < width; ++w) {
            // floor(o H / n) <= h < ceil((o + 1) H / n), without division
            if (h * output_size.height + output_size.height <= oh * height) continue;
            if (h * output_size.height >= (oh + 1) * height) continue;
            if (w * output_size.width + output_size.width <= ow * width) continue;
            if (w * output_size.width >= (ow + 1) * width) continue;
            sum += xs[static_cast<size_t>((plane * height + h) * width + w)];
            ++count;
          }
        }
        y.push_back(sum / static_cast<double>(count));
      }
    }
  }
  return from_vector(y, {x.size(0), x.size(1), output_size.height, output_size.width});
}

}  // namespace smtrain::reference
