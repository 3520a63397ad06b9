// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/batch_norm2d.h"

#include "smtrain/nn/graph.h"

namespace smtrain::nn {

BatchNorm2d::BatchNorm2d(int64_t features, double eps, double momentum)
    : eps_(eps), momentum_(momentum) {
  check(features >= 1, "BatchNorm2d: features must be at least 1, got ", features);
  const auto constant = [](const Shape& shape, double value, DType dtype) {
    return full(shape, value, {.dtype = dtype}, Device::cpu());
  };
  weight_ = register_parameter("weight", constant({features}, 1, DType::f32));
  bias_ = register_parameter("bias", constant({features}, 0, DType::f32));
  running_.mean = register_buffer("running_mean", constant({features}, 0, DType::f32));
  running_.var = register_buffer("running_var", constant({features}, 1, DType::f32));
  running_.num_batches_tracked =
      register_buffer("num_batches_tracked", constant({}, 0, DType::i64));
}

Tensor BatchNorm2d::forward(const Tensor& x, const BatchNormThen& then) {
  check(x.ndim() == 4, "BatchNorm2d: expected [N, C, H, W], got shape ", x.shape());
  return batch_norm(x, weight_, bias_, running_,
                    {.training = training(), .momentum = momentum_, .eps = eps_}, then);
}

std::string BatchNorm2d::describe() const {
  return concat_text("BatchNorm2d(", weight_.size(0), ", eps=", eps_, ", momentum=", momentum_,
                     ")");
}

size_t BatchNorm2d::trace(Graph& graph, const std::string& name, size_t x) const {
  return graph.add(
      name, graph::BatchNorm2d{weight_, bias_, running_.mean, running_.var, eps_, momentum_}, {x});
}

}  // namespace smtrain::nn
