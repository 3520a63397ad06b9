// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/mnist_cnn.h"

#include "smtrain/engine/ops/conv2d_relu_pool.h"
#include "smtrain/engine/ops/dropout.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/engine/ops/softmax.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain::nn {

namespace {

// A side of an image after both convolutions and the pooling.
int64_t pooled_side(int64_t side) { return (side - 4) / 2; }

}  // namespace

MnistCnn::MnistCnn(MnistCnnOptions options) : options_(options) {
  const int64_t height = pooled_side(options.image_size.height);
  const int64_t width = pooled_side(options.image_size.width);
  check(height >= 1 && width >= 1, "MnistCnn: images must be at least 6x6, got ",
        options.image_size);
  conv1_ = register_child("conv1", conv2d(options.in_channels, 32, 3));
  conv2_ = register_child("conv2", conv2d(32, 64, 3));
  fc1_ = register_child("fc1", linear(64 * height * width, 128));
  fc2_ = register_child("fc2", linear(128, options.classes));
}

int64_t MnistCnn::parameter_count(const MnistCnnOptions& options) {
  const int64_t pixels =
      pooled_side(options.image_size.height) * pooled_side(options.image_size.width);
  return (options.in_channels * 3 * 3 + 1) * 32 + (32 * 3 * 3 + 1) * 64 + (64 * pixels + 1) * 128 +
         (128 + 1) * options.classes;
}

Tensor MnistCnn::forward(const Tensor& x) {
  Tensor h = conv2d_relu(to_compute_dtype(x), conv1_->weight(), conv1_->bias());
  h = conv2d_relu_pool(h, conv2_->weight(), conv2_->bias(), {}, {.kernel_size = 2});
  if (training()) {
    h = options_.drop_channels ? smtrain::dropout2d(h, options_.conv_dropout)
                               : smtrain::dropout(h, options_.conv_dropout);
  }
  h = smtrain::flatten(h, 1);
  h = linear_relu(h, fc1_->weight(), fc1_->bias());
  if (training()) h = smtrain::dropout(h, options_.dense_dropout);
  return smtrain::log_softmax(to_full_precision((*fc2_)(h)), -1);
}

}  // namespace smtrain::nn
