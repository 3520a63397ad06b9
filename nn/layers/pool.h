// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/pool.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// The largest value of each window, as max_pool2d().
class MaxPool2d final : public Module {
 public:
  explicit MaxPool2d(MaxPool2dOptions options) : options_(options) {}

  Tensor forward(const Tensor& x) override { return smtrain::max_pool2d(x, options_); }
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

  const MaxPool2dOptions& options() const { return options_; }

 private:
  MaxPool2dOptions options_;
};

/// The average of each window, as avg_pool2d().
class AvgPool2d final : public Module {
 public:
  explicit AvgPool2d(AvgPool2dOptions options) : options_(options) {}

  Tensor forward(const Tensor& x) override { return smtrain::avg_pool2d(x, options_); }
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

 private:
  AvgPool2dOptions options_;
};

/// Averages over as many windows as give output_size, as adaptive_avg_pool2d().
class AdaptiveAvgPool2d final : public Module {
 public:
  explicit AdaptiveAvgPool2d(Size2d output_size) : output_size_(output_size) {}

  Tensor forward(const Tensor& x) override { return smtrain::adaptive_avg_pool2d(x, output_size_); }
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

 private:
  Size2d output_size_;
};

inline std::shared_ptr<MaxPool2d> max_pool2d(Size2d kernel_size) {
  return std::make_shared<MaxPool2d>(MaxPool2dOptions{.kernel_size = kernel_size});
}
inline std::shared_ptr<MaxPool2d> max_pool2d(MaxPool2dOptions options) {
  return std::make_shared<MaxPool2d>(options);
}
inline std::shared_ptr<AvgPool2d> avg_pool2d(AvgPool2dOptions options) {
  return std::make_shared<AvgPool2d>(options);
}
inline std::shared_ptr<AdaptiveAvgPool2d> adaptive_avg_pool2d(Size2d output_size) {
  return std::make_shared<AdaptiveAvgPool2d>(output_size);
}

}  // namespace smtrain::nn
