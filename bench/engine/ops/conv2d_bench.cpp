// SPDX-License-Identifier: Apache-2.0
#include "smtrain/bench/engine/ops/layers.h"
#include "smtrain/engine/ops/conv2d.h"
#include "smtrain/engine/ops/conv2d_relu_pool.h"

#include <iterator>

namespace smtrain::bench {
namespace {

struct ConvLayer {
  const char* name;
  Shape x, weight;
  int64_t stride = 1, padding = 0;
};

const ConvLayer kLayers[] = {
    {"net.conv1", {4, 3, 96, 96}, {6, 3, 7, 7}},
    {"net.conv2", {4, 6, 45, 45}, {16, 6, 3, 3}},
    {"net.conv3", {4, 16, 21, 21}, {64, 16, 3, 3}},
    {"mnist_cnn.conv1", {128, 1, 28, 28}, {32, 1, 3, 3}},
    {"mnist_cnn.conv2", {128, 32, 26, 26}, {64, 32, 3, 3}},
    {"resnet.conv1", {4, 3, 224, 224}, {64, 3, 7, 7}, 2, 3},
    {"resnet.3x3", {4, 64, 56, 56}, {64, 64, 3, 3}, 1, 1},
    {"resnet.1x1", {4, 256, 56, 56}, {64, 256, 1, 1}},
};

template <typename F>
void run(benchmark::State& state, const F& f) {
  const BenchContext context(2);
  const ConvLayer& layer = kLayers[state.range(0)];
  state.SetLabel(layer.name);
  const Conv2dOptions options = {.stride = layer.stride, .padding = layer.padding};
  run_layer(state, state.range(1), random_values(layer.x, MemoryFormat::channels_last),
            random_values(layer.weight), random_values({layer.weight[0]}),
            MemoryFormat::channels_last,
            [&](const Tensor& x, const Tensor& w, const Tensor& b) { return f(x, w, b, options); });
}

void conv2d_layer(benchmark::State& state) {
  run(state, [](const auto&... args) { return conv2d(args...); });
}
BENCHMARK(conv2d_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kLayers), {kForward, kInputGradient, kWeightGradient});
});

void conv2d_relu_pool_layer(benchmark::State& state) {
  run(state, [](const auto&... args) { return conv2d_relu_pool(args..., {.kernel_size = 2}); });
}
BENCHMARK(conv2d_relu_pool_layer)->Apply([](auto* b) {
  all_parts(b, 5, {kForward, kInputGradient, kWeightGradient});
});

}  // namespace
}  // namespace smtrain::bench
