// SPDX-License-Identifier: Apache-2.0
#include "smtrain/bench/engine/ops/layers.h"
#include "smtrain/engine/ops/linear.h"

#include <iterator>

namespace smtrain::bench {
namespace {

struct LinearLayer {
  const char* name;
  int64_t batch, in_features, out_features;
};

const LinearLayer kLayers[] = {
    {"net.fc1", 4, 5184, 500},       {"net.fc2", 4, 500, 250}, {"net.fc3", 4, 250, 120},
    {"net.fc4", 4, 120, 84},         {"net.fc5", 4, 84, 3},    {"mnist_cnn.fc1", 128, 9216, 128},
    {"mnist_cnn.fc2", 128, 128, 10},
};

void linear_layer(benchmark::State& state) {
  const BenchContext context(2);
  const LinearLayer& layer = kLayers[state.range(0)];
  state.SetLabel(layer.name);
  run_layer(state, state.range(1), random_values({layer.batch, layer.in_features}),
            random_values({layer.out_features, layer.in_features}),
            random_values({layer.out_features}), MemoryFormat::contiguous,
            [](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b); });
}
BENCHMARK(linear_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kLayers), {kForward, kInputGradient, kWeightGradient});
});

}  // namespace
}  // namespace smtrain::bench
