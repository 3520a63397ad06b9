// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/mnist_cnn.h"

#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"

namespace smtrain::nn {
namespace {

// A side of an image after both convolutions and the pooling.
int64_t pooled_side(int64_t side) { return (side - 4) / 2; }

std::vector<Module::NamedModule> layers_of(const MnistCnnOptions& options) {
  const int64_t height = pooled_side(options.image_size.height);
  const int64_t width = pooled_side(options.image_size.width);
  check(height >= 1 && width >= 1, "MnistCnn: images must be at least 6x6, got ",
        options.image_size);
  ModulePtr conv_dropout = dropout(options.conv_dropout);
  if (options.drop_channels) conv_dropout = dropout2d(options.conv_dropout);
  return {{"conv1", conv2d(options.in_channels, 32, 3)},
          {"relu1", relu()},
          {"conv2", conv2d(32, 64, 3)},
          {"relu2", relu()},
          {"pool", max_pool2d(2)},
          {"dropout1", conv_dropout},
          {"flatten", flatten()},
          {"fc1", linear(64 * height * width, 128)},
          {"relu3", relu()},
          {"dropout2", dropout(options.dense_dropout)},
          {"fc2", linear(128, options.classes)},
          {"log_softmax", log_softmax()}};
}

}  // namespace

MnistCnn::MnistCnn(const MnistCnnOptions& options) : Sequential(layers_of(options)) {}

int64_t MnistCnn::parameter_count(const MnistCnnOptions& options) {
  const int64_t pixels =
      pooled_side(options.image_size.height) * pooled_side(options.image_size.width);
  return (options.in_channels * 3 * 3 + 1) * 32 + (32 * 3 * 3 + 1) * 64 + (64 * pixels + 1) * 128 +
         (128 + 1) * options.classes;
}

}  // namespace smtrain::nn
