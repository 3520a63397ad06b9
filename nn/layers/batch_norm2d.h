// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/ops/batch_norm.h"
#include "smtrain/nn/module.h"

#include <memory>

namespace smtrain::nn {

/// Batch normalisation of [N, features, H, W] (Ioffe & Szegedy, arXiv:1502.03167): by this batch's
/// statistics in training, by the running ones in evaluation. weight starts at 1, bias at 0. In a
/// model of 16 bits all four stay f32.
class BatchNorm2d final : public Module {
 public:
  explicit BatchNorm2d(int64_t features, double eps = 1e-5, double momentum = 0.1);

  Tensor forward(const Tensor& x) override { return forward(x, {}); }

  /// With the addition and the ReLU that follow, in one operation.
  Tensor forward(const Tensor& x, const BatchNormThen& then);
  std::string describe() const override;
  size_t trace(Graph& graph, const std::string& name, size_t x) const override;

 private:
  DType own_dtype(DType dtype) const override {
    return dtype == DType::f64 ? DType::f64 : DType::f32;
  }

  double eps_, momentum_;
  Tensor weight_, bias_;
  BatchNormRunning running_;  // running_mean, running_var, num_batches_tracked
};

inline std::shared_ptr<BatchNorm2d> batch_norm2d(int64_t features, double eps = 1e-5,
                                                 double momentum = 0.1) {
  return std::make_shared<BatchNorm2d>(features, eps, momentum);
}

}  // namespace smtrain::nn
