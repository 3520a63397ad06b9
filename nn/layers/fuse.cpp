// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/fuse.h"

#include "smtrain/engine/ops/conv2d_relu_pool.h"
#include "smtrain/engine/ops/linear.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/residual.h"

#include <span>

namespace smtrain::nn {
namespace {

using Layers = std::span<const Module::NamedModule>;
using Step = std::function<Tensor(const Tensor&)>;

template <typename M>
std::shared_ptr<M> layer_as(Layers layers, size_t i) {
  return i < layers.size() ? std::dynamic_pointer_cast<M>(layers[i].module) : nullptr;
}

// A pattern at the front of `layers`, as one step; no step where it does not match.
struct Fusion {
  size_t length;
  Step (*match)(Layers layers);
};

Step conv_relu_pool(Layers layers) {
  const auto conv = layer_as<Conv2d>(layers, 0);
  const auto pool = layer_as<MaxPool2d>(layers, 2);
  if (!conv || !layer_as<ReLU>(layers, 1) || !pool) return {};
  const Size2d window = pool->options().kernel_size;
  const bool dilated = pool->options().dilation != Size2d(1);  // a window may hold no input
  if (window.height * window.width > kLargestFusedWindow || dilated) return {};
  return [=](const Tensor& x) {
    return conv2d_relu_pool(to_compute_dtype(x), conv->weight(), conv->bias(), conv->options(),
                            pool->options());
  };
}

Step conv_relu(Layers layers) {
  const auto conv = layer_as<Conv2d>(layers, 0);
  if (!conv || !layer_as<ReLU>(layers, 1)) return {};
  return [=](const Tensor& x) {
    return conv2d_relu(to_compute_dtype(x), conv->weight(), conv->bias(), conv->options());
  };
}

Step linear_then_relu(Layers layers) {
  const auto linear = layer_as<Linear>(layers, 0);
  if (!linear || !layer_as<ReLU>(layers, 1)) return {};
  return [=](const Tensor& x) {
    return linear_relu(to_compute_dtype(x), linear->weight(), linear->bias());
  };
}

Step batch_norm_relu(Layers layers) {
  const auto norm = layer_as<BatchNorm2d>(layers, 0);
  if (!norm || !layer_as<ReLU>(layers, 1)) return {};
  return [=](const Tensor& x) { return norm->forward(x, {.relu = true}); };
}

Step residual_relu(Layers layers) {
  const auto residual = layer_as<Residual>(layers, 0);
  if (!residual || !layer_as<ReLU>(layers, 1)) return {};
  return [=](const Tensor& x) { return residual->forward_relu(x); };
}

// Longest first.
constexpr Fusion kFusions[] = {{3, conv_relu_pool},
                               {2, conv_relu},
                               {2, linear_then_relu},
                               {2, batch_norm_relu},
                               {2, residual_relu}};

}  // namespace

std::vector<Step> fuse(const std::vector<Module::NamedModule>& layers) {
  std::vector<Step> steps;
  for (size_t i = 0; i < layers.size();) {
    const Layers rest = Layers(layers).subspan(i);
    size_t length = 1;
    Step step = [layer = layers[i].module](const Tensor& x) { return (*layer)(x); };
    for (const Fusion& fusion : kFusions) {
      if (Step fused = fusion.match(rest)) {
        step = std::move(fused);
        length = fusion.length;
        break;
      }
    }
    steps.push_back(std::move(step));
    i += length;
  }
  return steps;
}

}  // namespace smtrain::nn
