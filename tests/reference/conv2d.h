// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/conv2d.h"

namespace smtrain::reference {

/// conv2d of float64 tensors, one multiplication at a time.
inline Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                     const Conv2dOptions& options) {
  const auto& [stride, padding, dilation, groups] = options;
  const int64_t height = x.size(2), width = x.size(3);
  const int64_t inputs = weight.size(1), rows = weight.size(2), columns = weight.size(3);
  const int64_t out_height =
      (height + padding.top + padding.bottom - dilation.height * (rows - 1) - 1) / stride.height +
      1;
  const int64_t out_width =
      (width + padding.left + padding.right - dilation.width * (columns - 1) - 1) / stride.width +
      1;
  const std::vector<double> xs = x.to_vector<double>(), ws = weight.to_vector<double>();
  const std::vector<double> bs = bias.defined()
                                     ? bias.to_vector<double>()
                                     : std::vector<double>(static_cast<size_t>(weight.size(0)));
  std::vector<double> y;
  for (int64_t n = 0; n < x.size(0); ++n) {
    for (int64_t o = 0; o < weight.size(0); ++o) {
      const int64_t first_input = o / (weight.size(0) / groups) * inputs;
      for (int64_t oh = 0; oh < out_height; ++oh) {
        for (int64_t ow = 0; ow < out_width; ++ow) {
          double sum = bs[static_cast<size_t>(o)];
          for (int64_t i = 0; i < inputs; ++i) {
            for (int64_t kh = 0; kh < rows; ++kh) {
              for (int64_t kw = 0; kw < columns; ++kw) {
                const int64_t h = oh * stride.height - padding.top + kh * dilation.height;
                const int64_t w = ow * stride.width - padding.left + kw * dilation.width;
                if (h < 0 || h >= height || w < 0 || w >= width) continue;
                sum += xs[static_cast<size_t>(
                           ((n * x.size(1) + first_input + i) * height + h) * width + w)] *
                       ws[static_cast<size_t>(((o * inputs + i) * rows + kh) * columns + kw)];
              }
            }
          }
          y.push_back(sum);
        }
      }
    }
  }
  return from_vector(y, {x.size(0), weight.size(0), out_height, out_width});
}

}  // namespace smtrain::reference
