// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/pool.h"

#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/cuda/for_each.cuh"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

namespace smtrain {
namespace {

// More than 2^31 elements on both sides: windows of 2 x 2, one beside the other's middle.
constexpr int64_t kImages = 520, kSide = 256, kChannels = 64;
constexpr int64_t kInputs = kImages * kSide * kSide * kChannels;
constexpr int64_t kOutputs = kImages * (kSide - 1) * (kSide - 1) * kChannels;
static_assert(kInputs > int64_t{1} << 31 && kOutputs > int64_t{1} << 31);

/// Of so many elements, all 0, which cost nothing until they are touched.
template <typename T>
class Reserved {
 public:
  explicit Reserved(int64_t size)
      : size_(size), data_(static_cast<T*>(simt::reserve(static_cast<size_t>(size) * sizeof(T)))) {}
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;
  ~Reserved() { simt::deallocate(data_); }

  T* data() { return data_; }
  T& last() { return data_[size_ - 1]; }

 private:
  int64_t size_;
  T* data_;
};

/// Only the block that has the last of so many elements is to run.
void run_last_block(int64_t elements) {
  constexpr int kLanes = cuda::kLanesOf<BFloat16>;
  const int64_t vectors = elements / kLanes;
  const int64_t blocks = cuda::blocks_for(vectors, cuda::kForEachThreads);
  const int64_t thread = (vectors - 1) % (blocks * cuda::kForEachThreads);
  simt::config().only_blocks = {static_cast<uint64_t>(thread / cuda::kForEachThreads)};
}

PoolShape shape() {
  const PoolAxis axis = {.inputs = kSide,
                         .outputs = kSide - 1,
                         .kernel_size = 2,
                         .stride = 1,
                         .padding = 0,
                         .dilation = 1,
                         .adaptive = false};
  return {
      .dtype = DType::bf16, .batch = kImages, .channels = kChannels, .height = axis, .width = axis};
}

TEST(PoolBeyond32Bits, FindsTheLastMaximum) {
  Reserved<BFloat16> x(kInputs), y(kOutputs), dy(kOutputs), dx(kInputs);
  Reserved<uint8_t> index(kOutputs);
  x.last() = static_cast<BFloat16>(5.0f);
  dy.last() = static_cast<BFloat16>(2.0f);
  run_last_block(kOutputs);
  cuda::max_pool_forward({.shape = shape(), .x = x.data(), .y = y.data(), .index = index.data()},
                         {});
  EXPECT_EQ(static_cast<float>(y.last()), 5);
  EXPECT_EQ(index.last(), 3);
  run_last_block(kInputs);
  cuda::max_pool_backward(
      {.shape = shape(), .dy = dy.data(), .index = index.data(), .dx = dx.data()}, {});
  EXPECT_EQ(static_cast<float>(dx.last()), 2);
}

TEST(PoolBeyond32Bits, AveragesTheLastWindow) {
  Reserved<BFloat16> x(kInputs), y(kOutputs), dy(kOutputs), dx(kInputs);
  x.last() = static_cast<BFloat16>(5.0f);
  dy.last() = static_cast<BFloat16>(2.0f);
  const AveragePoolRule rule = {.count_include_pad = true, .divisor = 0};
  run_last_block(kOutputs);
  cuda::avg_pool_forward({.shape = shape(), .rule = rule, .x = x.data(), .y = y.data()}, {});
  EXPECT_EQ(static_cast<float>(y.last()), 1.25);
  run_last_block(kInputs);
  cuda::avg_pool_backward({.shape = shape(), .rule = rule, .dy = dy.data(), .dx = dx.data()}, {});
  EXPECT_EQ(static_cast<float>(dx.last()), 0.5);
}

}  // namespace
}  // namespace smtrain
