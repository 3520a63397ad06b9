// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/init.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>

namespace smtrain::nn::init {
namespace {

// Uniform around zero with a standard deviation.
void uniform_with_deviation(float* weight, int64_t count, double std, Generator& generator) {
  const double bound = std::sqrt(3.0) * std;
  generator.uniform(weight, count, -bound, bound);
}

double kaiming_deviation(int64_t fan, double gain) {
  check(fan > 0, "kaiming: expected a fan of at least 1, got ", fan);
  return gain / std::sqrt(static_cast<double>(fan));
}

double xavier_deviation(Fans fans, double gain) {
  check(fans.in > 0 && fans.out > 0, "xavier: expected fans of at least 1, got in ", fans.in,
        " and out ", fans.out);
  return gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out));
}

}  // namespace

Fans fans(const Shape& weight) {
  check(weight.ndim() >= 2, "fans: expected a weight of at least 2 dimensions, got ", weight);
  int64_t kernel = 1;
  for (int dim = 2; dim < weight.ndim(); ++dim) kernel *= weight[dim];
  return {.in = weight[1] * kernel, .out = weight[0] * kernel};
}

Fans keras_mxnet_channels_first_fans(const Shape& weight) {
  check(weight.ndim() == 4,
        "keras_mxnet_channels_first_fans: expected a weight of 4 dimensions, got ", weight);
  const int64_t kernel = weight[0] * weight[1];
  return {.in = weight[2] * kernel, .out = weight[3] * kernel};
}

void layer_default(float* weight, int64_t count, int64_t fan_in, Generator& generator) {
  check(fan_in > 0, "layer_default: expected a fan_in of at least 1, got ", fan_in);
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  generator.uniform(weight, count, -bound, bound);
}

void kaiming_uniform(float* weight, int64_t count, int64_t fan, double gain, Generator& generator) {
  uniform_with_deviation(weight, count, kaiming_deviation(fan, gain), generator);
}

void kaiming_normal(float* weight, int64_t count, int64_t fan, double gain, Generator& generator) {
  generator.normal(weight, count, 0.0, kaiming_deviation(fan, gain));
}

void xavier_uniform(float* weight, int64_t count, Fans fans, double gain, Generator& generator) {
  uniform_with_deviation(weight, count, xavier_deviation(fans, gain), generator);
}

void xavier_normal(float* weight, int64_t count, Fans fans, double gain, Generator& generator) {
  generator.normal(weight, count, 0.0, xavier_deviation(fans, gain));
}

void constant(float* weight, int64_t count, float value) { std::fill_n(weight, count, value); }

}  // namespace smtrain::nn::init
