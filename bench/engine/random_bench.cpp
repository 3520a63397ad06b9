// SPDX-License-Identifier: Apache-2.0
// Time of one draw: the fills at the size of a large dropout layer, the permutation at that of an
// epoch of MNIST. items_per_second counts values.
#include "smtrain/engine/random.h"
#include "smtrain/kernels/philox.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

namespace smtrain {
namespace {

constexpr int64_t kCount = 1179648;  // batch 128, 64 channels of 12 x 12

template <typename T, typename Fill>
void fill_benchmark(benchmark::State& state, Fill fill) {
  Generator generator(1);
  std::vector<T> y(kCount);
  for (auto _ : state) {
    fill(generator, y.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kCount);
}

void mt19937_next32(benchmark::State& state) {
  fill_benchmark<uint32_t>(state, [](Generator& generator, uint32_t* y) {
    for (int64_t i = 0; i < kCount; ++i) y[i] = generator.engine()->next32();
  });
}
BENCHMARK(mt19937_next32);

void mt19937_next64(benchmark::State& state) {
  fill_benchmark<uint64_t>(state, [](Generator& generator, uint64_t* y) {
    for (int64_t i = 0; i < kCount; ++i) y[i] = generator.engine()->next64();
  });
}
BENCHMARK(mt19937_next64);

void mt19937_fill(benchmark::State& state) {
  fill_benchmark<uint32_t>(
      state, [](Generator& generator, uint32_t* y) { generator.engine()->fill(y, kCount); });
}
BENCHMARK(mt19937_fill);

void philox_fill(benchmark::State& state) {
  fill_benchmark<uint32_t>(state, [](Generator& generator, uint32_t* y) {
    const PhiloxKey key{.seed = generator.seed()};
    for (int64_t block = 0; block < kCount / 4; ++block) {
      const PhiloxWords words = philox_block(key, block);
      std::copy_n(words.word, 4, y + 4 * block);
    }
  });
}
BENCHMARK(philox_fill);

void dropout_mask(benchmark::State& state) {
  fill_benchmark<uint8_t>(
      state, [](Generator& generator, uint8_t* y) { generator.bernoulli(y, kCount, 0.75); });
}
BENCHMARK(dropout_mask);

template <typename T>
void uniform(benchmark::State& state) {
  fill_benchmark<T>(state, [](Generator& generator, T* y) { generator.uniform(y, kCount); });
}
BENCHMARK(uniform<float>);
BENCHMARK(uniform<double>);

template <typename T>
void normal(benchmark::State& state) {
  fill_benchmark<T>(state, [](Generator& generator, T* y) { generator.normal(y, kCount); });
}
BENCHMARK(normal<float>);
BENCHMARK(normal<double>);

void randperm(benchmark::State& state) {
  Generator generator(1);
  constexpr int64_t kSize = 60000;
  for (auto _ : state) benchmark::DoNotOptimize(generator.randperm(kSize));
  state.SetItemsProcessed(state.iterations() * kSize);
}
BENCHMARK(randperm);

}  // namespace
}  // namespace smtrain
