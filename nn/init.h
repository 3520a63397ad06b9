// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/random.h"
#include "smtrain/engine/shape.h"

#include <cstdint>

/// Initial values of parameters, on the CPU, bit-equal to PyTorch's for the same state of the
/// generator. Each function fills `count` values at `weight`.
namespace smtrain::nn::init {

/// How many inputs feed an output of a layer, and how many outputs an input feeds.
struct Fans {
  int64_t in;
  int64_t out;
};

/// The fans of a weight [out, in, spatial...]: channels times the size of the kernel, as in PyTorch
/// and in Keras (which stores its kernels [spatial..., in, out]). Throws std::invalid_argument
/// below 2 dimensions.
Fans fans(const Shape& weight);

/// The fans of Keras-MXNet 2.1.6 with channels_first: it reads [out, in, height, width] as if it
/// were [height, width, in, out]. Throws std::invalid_argument unless there are 4 dimensions.
Fans keras_mxnet_channels_first_fans(const Shape& weight);

/// What an activation needs to keep the variance of its input, for `gain` below.
constexpr double kLinearGain = 1.0;
constexpr double kReluGain = 1.4142135623730951;  // sqrt(2)

/// PyTorch's start of weights and biases of convolutions and linear layers: uniform in
/// ±1/sqrt(fan_in). For weights it calls this kaiming_uniform_(a = sqrt(5)).
void layer_default(float* weight, int64_t count, int64_t fan_in, Generator& generator);

/// He et al., "Delving deep into rectifiers" (2015): standard deviation gain / sqrt(fan), where fan
/// is Fans::in to keep the variance of activations, Fans::out to keep that of gradients. Keras'
/// he_uniform is the former with kReluGain.
void kaiming_uniform(float* weight, int64_t count, int64_t fan, double gain, Generator& generator);
void kaiming_normal(float* weight, int64_t count, int64_t fan, double gain, Generator& generator);

/// Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks"
/// (2010): standard deviation gain * sqrt(2 / (fans.in + fans.out)). Keras' glorot_uniform is the
/// first with kLinearGain.
void xavier_uniform(float* weight, int64_t count, Fans fans, double gain, Generator& generator);
void xavier_normal(float* weight, int64_t count, Fans fans, double gain, Generator& generator);

/// All values equal: zeros, ones.
void constant(float* weight, int64_t count, float value);

}  // namespace smtrain::nn::init
