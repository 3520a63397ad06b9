// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/mt19937.h"

#include <cstdint>
#include <span>
#include <vector>

namespace smtrain {

/// PyTorch's random numbers on the CPU, bit for bit: the same seed and the same calls give the
/// values of torch 1.13's x86-64 kernels for AVX2, on any CPU. Fills go in memory order. Not for
/// use by several threads at once.
class Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721;  // PyTorch's

  explicit Generator(uint64_t seed = kDefaultSeed) { manual_seed(seed); }
  // Copies would give the same numbers twice; state() is how to repeat some on purpose.
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Restarts the sequence. As in PyTorch, the draws depend on the low 32 bits only.
  void manual_seed(uint64_t seed);

  /// The last manual_seed(), in full: what Philox sequences are keyed by.
  uint64_t seed() const { return seed_; }

  /// Everything that later draws depend on; set_state() continues from there. Throws
  /// std::invalid_argument, leaving the generator as it was, when the bytes are not such a state.
  std::vector<uint8_t> state() const;
  void set_state(std::span<const uint8_t> state);

  /// y[i] uniform in [low, high). One 32-bit draw per float, one 64-bit draw per double.
  void uniform(float* y, int64_t count, double low = 0, double high = 1);
  void uniform(double* y, int64_t count, double low = 0, double high = 1);

  /// y[i] normal. PyTorch has two methods: from 16 values on, Box-Muller over blocks; below, over
  /// pairs whose second value waits for the next such call.
  void normal(float* y, int64_t count, double mean = 0, double std = 1);
  void normal(double* y, int64_t count, double mean = 0, double std = 1);

  /// y[i] = 1 with the given probability, else 0: bernoulli_(p) and the masks of dropout. One
  /// 64-bit draw per value.
  void bernoulli(uint8_t* y, int64_t count, double probability);
  void bernoulli(float* y, int64_t count, double probability);

  /// y[i] = 1 with probability[i], else 0: bernoulli(tensor of float32). One 32-bit draw per value.
  void bernoulli(float* y, int64_t count, const float* probability);

  /// A number in [0, 2^63): random_() of an int64 tensor. One 64-bit draw.
  int64_t random();

  /// A number in [low, high). One 32-bit draw when high - low < 2^32, else one of 64 bits.
  int64_t randint(int64_t low, int64_t high);

  /// A permutation of 0 .. count-1. count - 1 32-bit draws.
  std::vector<int64_t> randperm(int64_t count);

  /// Where kernels that draw find the generator's state; the address never changes.
  Mt19937* engine() { return &engine_; }

 private:
  Mt19937 engine_;
  uint64_t seed_;
};

}  // namespace smtrain
