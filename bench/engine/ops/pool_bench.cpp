// SPDX-License-Identifier: Apache-2.0
#include "smtrain/bench/engine/ops/layers.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/batch_norm.h"
#include "smtrain/engine/ops/pool.h"
#include "smtrain/engine/ops/unary.h"

#include <iterator>

namespace smtrain::bench {
namespace {

const Shape kImages[] = {
    {4, 6, 90, 90}, {4, 16, 43, 43}, {4, 64, 19, 19}, {128, 64, 24, 24}, {8, 64, 56, 56}};

template <typename F>
void run(benchmark::State& state, const F& f) {
  const BenchContext context(2);
  const Tensor x = random_values(kImages[state.range(0)], MemoryFormat::channels_last);
  run_layer(state, state.range(1), x, {}, {}, MemoryFormat::channels_last,
            [&](const Tensor& in, const Tensor&, const Tensor&) { return f(in); });
}

void max_pool_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return max_pool2d(x, {.kernel_size = 2}); });
}
BENCHMARK(max_pool_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

void avg_pool_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); });
}
BENCHMARK(avg_pool_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

void batch_norm_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return batch_norm(x, {}, {}, {}); });
}
BENCHMARK(batch_norm_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

// A residual block's end, in one operation and in three.
void batch_norm_add_relu_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) {
    return batch_norm(x, {}, {}, {}, {}, {.add = x.detach(), .relu = true});
  });
}
BENCHMARK(batch_norm_add_relu_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

void batch_norm_then_add_then_relu_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return relu(batch_norm(x, {}, {}, {}) + x.detach()); });
}
BENCHMARK(batch_norm_then_add_then_relu_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

void batch_norm_relu_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return batch_norm(x, {}, {}, {}, {}, {.relu = true}); });
}
BENCHMARK(batch_norm_relu_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

void batch_norm_then_relu_layer(benchmark::State& state) {
  run(state, [](const Tensor& x) { return relu(batch_norm(x, {}, {}, {})); });
}
BENCHMARK(batch_norm_then_relu_layer)->Apply([](auto* b) {
  all_parts(b, std::size(kImages), {kForward, kInputGradient});
});

}  // namespace
}  // namespace smtrain::bench
