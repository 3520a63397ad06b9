// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/random.h"

#include "smtrain/engine/error.h"
#include "smtrain/kernels/vectorize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

namespace smtrain {
namespace {

constexpr int64_t kChunk = 512;  // values whose draws are made at once

SMTRAIN_VECTORIZED void to_uniform(const uint32_t* __restrict draws, float* __restrict y,
                                   int64_t count, float low, float range) {
  for (int64_t i = 0; i < count; ++i) {
    const float unit = static_cast<float>(static_cast<int32_t>(draws[i] & 0xffffffu)) * 0x1p-24f;
    y[i] = std::fma(unit, range, low);
  }
}

SMTRAIN_VECTORIZED void to_uniform(const uint32_t* __restrict draws, double* __restrict y,
                                   int64_t count, double low, double range) {
  for (int64_t i = 0; i < count; ++i) {
    const double upper = static_cast<int32_t>(draws[2 * i] & 0x1fffffu);
    const double unit = (upper * 0x1p32 + draws[2 * i + 1]) * 0x1p-53;
    y[i] = std::fma(unit, range, low);
  }
}

template <typename T>
void fill_uniform(Mt19937& engine, T* y, int64_t count, double low, double high) {
  check(low <= high, "uniform: expected low <= high, got ", low, " and ", high);
  constexpr int64_t kDraws = sizeof(T) / sizeof(uint32_t);
  uint32_t draws[kChunk * kDraws];
  const T from = static_cast<T>(low);
  const T range = static_cast<T>(high) - from;
  for (int64_t begin = 0; begin < count; begin += kChunk) {
    const int64_t size = std::min(kChunk, count - begin);
    engine.fill(draws, size * kDraws);
    to_uniform(draws, y + begin, size, from, range);
  }
}

void check_probability(double probability) {
  check(probability >= 0 && probability <= 1, "bernoulli: expected a probability in [0, 1], got ",
        probability);
}

}  // namespace

void Generator::manual_seed(uint64_t seed) {
  seed_ = seed;
  engine_.seed(seed);
}

std::vector<uint8_t> Generator::state() const {
  std::vector<uint8_t> bytes(sizeof(engine_) + sizeof(seed_));
  std::memcpy(bytes.data(), &engine_, sizeof(engine_));
  std::memcpy(bytes.data() + sizeof(engine_), &seed_, sizeof(seed_));
  return bytes;
}

void Generator::set_state(std::span<const uint8_t> state) {
  constexpr size_t kBytes = sizeof(engine_) + sizeof(seed_);
  check(state.size() == kBytes, "set_state: expected ", kBytes, " bytes, got ", state.size());
  Mt19937 engine;
  std::memcpy(&engine, state.data(), sizeof(engine));
  check(engine.used >= 1 && engine.used <= Mt19937::kWords, "set_state: expected 1 to ",
        Mt19937::kWords, " used words, got ", engine.used);
  engine_ = engine;
  std::memcpy(&seed_, state.data() + sizeof(engine), sizeof(seed_));
}

void Generator::uniform(float* y, int64_t count, double low, double high) {
  fill_uniform(engine_, y, count, low, high);
}

void Generator::uniform(double* y, int64_t count, double low, double high) {
  fill_uniform(engine_, y, count, low, high);
}

void Generator::bernoulli(uint8_t* y, int64_t count, double probability) {
  check_probability(probability);
  smtrain::bernoulli(engine_, probability, y, count);
}

void Generator::bernoulli(float* y, int64_t count, double probability) {
  check_probability(probability);
  uint8_t mask[kChunk];
  for (int64_t begin = 0; begin < count; begin += kChunk) {
    const int64_t size = std::min(kChunk, count - begin);
    smtrain::bernoulli(engine_, probability, mask, size);
    std::copy_n(mask, size, y + begin);
  }
}

void Generator::bernoulli(float* y, int64_t count, const float* probability) {
  for (int64_t i = 0; i < count; ++i) check_probability(probability[i]);
  uniform(y, count);
  for (int64_t i = 0; i < count; ++i) y[i] = y[i] < probability[i];
}

int64_t Generator::random() { return static_cast<int64_t>(engine_.next64() & INT64_MAX); }

int64_t Generator::randint(int64_t low, int64_t high) {
  check(low < high, "randint: expected low < high, got ", low, " and ", high);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const uint64_t draw = range < (uint64_t{1} << 32) ? engine_.next32() : engine_.next64();
  return static_cast<int64_t>(draw % range + static_cast<uint64_t>(low));
}

std::vector<int64_t> Generator::randperm(int64_t count) {
  check(count >= 0, "randperm: expected a count of at least 0, got ", count);
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = 0; i + 1 < count; ++i) {
    std::swap(order[i], order[i + engine_.next32() % (count - i)]);
  }
  return order;
}

}  // namespace smtrain
