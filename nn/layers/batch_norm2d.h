// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "smtrain/engine/ops/batch_norm.h"
#include "smtrain/nn/module.h"

namespace smtrain::nn {

/// Batch normalisation of [N, features, H, W] (Ioffe & Szegedy, arXiv:1502.03167): by this batch's
/// statistics in training, by the running ones in evaluation. weight starts at 1, bias at 0.
class BatchNorm2d : public Module {
 public:
  explicit BatchNorm2d(int64_t features, double eps = 1e-5, double momentum = 0.1);

  Tensor forward(const Tensor& x) override;
  std::string describe() const override;

 private:
  double eps_, momentum_;
  Tensor weight_, bias_;
  BatchNormRunning running_;  // running_mean, running_var, num_batches_tracked
};

inline std::shared_ptr<BatchNorm2d> batch_norm2d(int64_t features, double eps = 1e-5,
                                                 double momentum = 0.1) {
  return std::make_shared<BatchNorm2d>(features, eps, momentum);
}

}  // namespace smtrain::nn
