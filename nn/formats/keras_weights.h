// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <array>
#include <optional>

/// Weights between PyTorch's layouts and Keras'. Results are f32, on the CPU and row-major.
namespace smtrain::nn {

/// How the kernels in a file lie.
struct KerasKernels {
  bool turned = false;                  // by 180 degrees: Theano's convolutions flip their kernels
  bool out_in_first = false;            // [out, in, height, width], as Keras-MXNet's
  std::array<int, 3> rows = {1, 2, 0};  // of a Dense that takes an image [C, H, W]: their order
};

/// [out, in, height, width] as Keras' [height, width, in, out], and back.
Tensor to_keras_kernel(const Tensor& weight);
Tensor from_keras_kernel(const Tensor& kernel, const KerasKernels& kernels);

/// [out, in] as Keras' [in, out], and back. `image` is the shape [C, H, W] of the image that the
/// inputs are the pixels of, where they are.
Tensor to_keras_dense(const Tensor& weight, const std::optional<Shape>& image);
Tensor from_keras_dense(const Tensor& kernel, const std::optional<Shape>& image,
                        const KerasKernels& kernels);

}  // namespace smtrain::nn
