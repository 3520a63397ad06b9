// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/keras_weights.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>

namespace smtrain::nn {
namespace {

Tensor plain(const Tensor& tensor) { return to_host_row_major(tensor, DType::f32); }

/// Both axes of every kernel [out, in, height, width] the other way round.
Tensor turn(const Tensor& weight) {
  const int64_t pixels = weight.size(2) * weight.size(3);
  auto* values = weight.data<float>();
  if (pixels != 0) {
    for (int64_t i = 0; i < weight.numel(); i += pixels)
      std::reverse(values + i, values + i + pixels);
  }
  return weight;
}

}  // namespace

Tensor to_keras_kernel(const Tensor& weight) {
  const NoGradGuard no_grad;
  return plain(permute(weight, {2, 3, 1, 0}));
}

Tensor from_keras_kernel(const Tensor& kernel, const KerasKernels& kernels) {
  const NoGradGuard no_grad;
  const Tensor weight = plain(kernels.out_in_first ? kernel : permute(kernel, {3, 2, 0, 1}));
  return kernels.turned ? turn(weight) : weight;
}

Tensor to_keras_dense(const Tensor& weight, const std::optional<Shape>& image) {
  const NoGradGuard no_grad;
  if (!image) return plain(transpose(weight, 0, 1));
  const Tensor pixels = reshape(weight, {weight.size(0), (*image)[0], (*image)[1], (*image)[2]});
  return reshape(plain(permute(pixels, {2, 3, 1, 0})), {weight.size(1), weight.size(0)});
}

Tensor from_keras_dense(const Tensor& kernel, const std::optional<Shape>& image,
                        const KerasKernels& kernels) {
  const NoGradGuard no_grad;
  if (!image) return plain(transpose(kernel, 0, 1));
  Shape stored;
  std::vector<int> back = {3, 0, 0, 0};  // where the file has out, C, H and W
  for (int i = 0; i < 3; ++i) {
    stored.push_back((*image)[kernels.rows[i]]);
    back[1 + kernels.rows[i]] = i;
  }
  stored.push_back(kernel.size(1));
  return reshape(plain(permute(reshape(kernel, stored), back)), {kernel.size(1), kernel.size(0)});
}

}  // namespace smtrain::nn
