// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/models/net.h"

#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"

namespace smtrain::nn {
namespace {

// What is left of one side after convolutions of 7, 3 and 3, each followed by pooling.
int64_t pooled_side(int64_t side) {
  for (const int64_t kernel : {7, 3, 3}) side = (side - kernel + 1) / 2;
  return side;
}

std::vector<Module::NamedModule> layers_of(const NetOptions& options) {
  const int64_t height = pooled_side(options.image_size.height);
  const int64_t width = pooled_side(options.image_size.width);
  check(height >= 1 && width >= 1, "Net: images must be at least 26x26, got ", options.image_size);
  return {{"conv1", conv2d(options.in_channels, 6, 7)},
          {"relu1", relu()},
          {"pool1", max_pool2d(2)},
          {"conv2", conv2d(6, 16, 3)},
          {"relu2", relu()},
          {"pool2", max_pool2d(2)},
          {"conv3", conv2d(16, 64, 3)},
          {"relu3", relu()},
          {"pool3", max_pool2d(2)},
          {"flatten", flatten()},
          {"fc1", linear(64 * height * width, 500)},
          {"relu4", relu()},
          {"fc2", linear(500, 250)},
          {"relu5", relu()},
          {"fc3", linear(250, 120)},
          {"relu6", relu()},
          {"fc4", linear(120, 84)},
          {"relu7", relu()},
          {"dropout", dropout(options.dropout)},
          {"fc5", linear(84, options.classes)},
          {"log_softmax", log_softmax()}};
}

}  // namespace

Net::Net(const NetOptions& options) : Sequential(layers_of(options)) {}

int64_t Net::parameter_count(const NetOptions& options) {
  const int64_t pixels =
      pooled_side(options.image_size.height) * pooled_side(options.image_size.width);
  return (options.in_channels * 7 * 7 + 1) * 6 + (6 * 3 * 3 + 1) * 16 + (16 * 3 * 3 + 1) * 64 +
         (64 * pixels + 1) * 500 + (500 + 1) * 250 + (250 + 1) * 120 + (120 + 1) * 84 +
         (84 + 1) * options.classes;
}

}  // namespace smtrain::nn
