// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/net.h"

#include "smtrain/engine/ops/conv2d_relu_pool.h"
#include "smtrain/engine/ops/dropout.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/engine/ops/softmax.h"
#include "smtrain/engine/ops/view.h"

namespace smtrain::nn {
namespace {

// What is left of one side after convolutions of 7, 3 and 3, each followed by pooling.
int64_t pooled_side(int64_t side) {
  for (const int64_t kernel : {7, 3, 3}) side = (side - kernel + 1) / 2;
  return side;
}

Tensor conv_relu_pool(const Tensor& x, const Conv2d& conv) {
  return conv2d_relu_pool(x, conv.weight(), conv.bias(), conv.options(), {.kernel_size = 2});
}

Tensor fc_relu(const Tensor& x, const Linear& fc) { return linear_relu(x, fc.weight(), fc.bias()); }

}  // namespace

Net::Net(NetOptions options) : options_(options) {
  const int64_t height = pooled_side(options.image_size.height);
  const int64_t width = pooled_side(options.image_size.width);
  check(height >= 1 && width >= 1, "Net: images must be at least 26x26, got ", options.image_size);
  conv1_ = register_child("conv1", conv2d(options.in_channels, 6, 7));
  conv2_ = register_child("conv2", conv2d(6, 16, 3));
  conv3_ = register_child("conv3", conv2d(16, 64, 3));
  fc1_ = register_child("fc1", linear(64 * height * width, 500));
  fc2_ = register_child("fc2", linear(500, 250));
  fc3_ = register_child("fc3", linear(250, 120));
  fc4_ = register_child("fc4", linear(120, 84));
  fc5_ = register_child("fc5", linear(84, options.classes));
}

int64_t Net::parameter_count(const NetOptions& options) {
  const int64_t pixels =
      pooled_side(options.image_size.height) * pooled_side(options.image_size.width);
  return (options.in_channels * 7 * 7 + 1) * 6 + (6 * 3 * 3 + 1) * 16 + (16 * 3 * 3 + 1) * 64 +
         (64 * pixels + 1) * 500 + (500 + 1) * 250 + (250 + 1) * 120 + (120 + 1) * 84 +
         (84 + 1) * options.classes;
}

Tensor Net::forward(const Tensor& x) {
  Tensor h = conv_relu_pool(to_compute_dtype(x), *conv1_);
  h = conv_relu_pool(h, *conv2_);
  h = conv_relu_pool(h, *conv3_);
  h = smtrain::flatten(h, 1);
  h = fc_relu(h, *fc1_);
  h = fc_relu(h, *fc2_);
  h = fc_relu(h, *fc3_);
  h = fc_relu(h, *fc4_);
  if (training()) h = smtrain::dropout(h, options_.dropout);
  return smtrain::log_softmax(to_full_precision((*fc5_)(h)), -1);
}

}  // namespace smtrain::nn
