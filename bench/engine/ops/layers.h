// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/random.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <limits>
#include <vector>

namespace smtrain::bench {

/// A context with `threads` compute threads for the life of a benchmark.
struct BenchContext {
  explicit BenchContext(int threads) : context({.threads = threads}), guard(context) {}
  Context context;
  ContextGuard guard;
};

/// Uniform values in [-0.5, 0.5); benchmarks never run on zeros, which are faster.
inline Tensor random_values(const Shape& shape, MemoryFormat format = MemoryFormat::contiguous) {
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  Generator(1).uniform(values.data(), shape.numel(), -0.5, 0.5);
  const Tensor y = empty(shape, {.format = format});
  copy_into(from_vector(values, shape), y);
  return y;
}

/// What of a layer is timed.
enum Part : int64_t { kForward, kInputGradient, kWeightGradient };

/// Times one part of f(x, weight, bias), also as the fastest run ("min_us", which other processes
/// did not disturb), with results and gradients in `format`. bias and weight may be undefined.
template <typename F>
void run_layer(benchmark::State& state, int64_t part, Tensor x, Tensor weight, Tensor bias,
               MemoryFormat format, const F& f) {
  using Clock = std::chrono::steady_clock;
  if (part == kInputGradient) x.set_requires_grad(true);
  if (part == kWeightGradient) {
    weight.set_requires_grad(true);
    bias.set_requires_grad(true);
  }
  const Tensor dy = random_values(f(x, weight, bias).shape(), format);
  double fastest = std::numeric_limits<double>::infinity();
  for (auto _ : state) {
    auto start = Clock::now();
    const Tensor y = f(x, weight, bias);
    if (part != kForward) {
      start = Clock::now();
      backward(y, dy);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    state.SetIterationTime(seconds);
    fastest = std::min(fastest, seconds);
  }
  state.counters["min_us"] = fastest * 1e6;
}

/// Each part of each of `layers` layers, as arguments {layer, part}.
inline void all_parts(benchmark::internal::Benchmark* benchmark, int64_t layers,
                      std::initializer_list<int64_t> parts) {
  for (int64_t layer = 0; layer < layers; ++layer) {
    for (const int64_t part : parts) benchmark->Args({layer, part});
  }
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond);
}

}  // namespace smtrain::bench
