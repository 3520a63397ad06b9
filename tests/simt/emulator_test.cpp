// SPDX-License-Identifier: Apache-2.0

// What the emulation does of CUDA, and which launches it refuses.

#include "smtrain/kernels/cuda/device.cuh"
#include "smtrain/tests/simt/simt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace smtrain::simt {
namespace {

using cuda::block_shared;
using cuda::dynamic_shared;
using cuda::launch;
using cuda::LaunchShape;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename... Parameters, typename... Arguments>
std::string violation(void (*kernel)(Parameters...), const LaunchShape& shape,
                      Arguments... arguments) {
  try {
    launch("entry", kernel, shape, Stream{}, arguments...);
  } catch (const Violation& violation) {
    return violation.what();
  }
  return "";
}

TEST(SimtLaunch, RefusesWhatNoDeviceCanRun) {
  void (*kernel)() = [] {};
  EXPECT_EQ(violation(kernel, {.grid = 0}), "entry: empty launch (grid 0x1x1, block 1x1x1)");
  EXPECT_THAT(violation(kernel, {.block = {1024, 2}}), HasSubstr("block of 1024x2x1 threads"));
  EXPECT_THAT(violation(kernel, {.block = {1, 1, 65}}), HasSubstr("64 in z"));
  EXPECT_THAT(violation(kernel, {.grid = {1, 65536}}), HasSubstr("grid of 1x65536x1 blocks"));
  EXPECT_THAT(violation(kernel, {.grid = {1, 1, 65536}}), HasSubstr("grid of 1x1x65536 blocks"));
  EXPECT_THAT(violation(kernel, {.shared_bytes = (227 << 10) + 1}), HasSubstr("232449 bytes"));
  EXPECT_EQ(violation(kernel, {.block = 1024, .shared_bytes = 227 << 10}), "");
}

struct TooMuchShared {
  char bytes[(48 << 10) + 1];
};
struct MostShared {
  char bytes[48 << 10];
};

TEST(SimtLaunch, RefusesMoreSharedMemoryThanThereIs) {
  EXPECT_THAT(violation(+[] { block_shared<TooMuchShared>().bytes[0] = 0; }, {}),
              HasSubstr("49153 bytes of static shared memory"));
  EXPECT_THAT(
      violation(+[] { block_shared<MostShared>().bytes[0] = 0; }, {.shared_bytes = 180 << 10}),
      HasSubstr("233472 bytes of static and dynamic shared memory"));
  struct alignas(32) Wide {
    char bytes[32];
  };
  EXPECT_THAT(violation(+[] { dynamic_shared<Wide>(); }, {.shared_bytes = 32}),
              HasSubstr("aligned to 16 bytes, not 32"));
}

TEST(SimtLaunch, NamesWhereADeadlockWaits) {
  const std::string text = violation(
      +[] {
        if (threadIdx.x < 16) {
          __syncwarp();
        } else {
          __syncthreads();
        }
      },
      {.block = 32});
  EXPECT_THAT(text, HasSubstr("deadlock: thread (0, 0, 0) waits at the warp operation "
                              "emulator_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("thread (16, 0, 0) waits at the block barrier emulator_test.cpp:"));
}

TEST(SimtLaunch, ChecksTheAlignmentOfVectorsAndAtomics) {
  alignas(16) char bytes[32] = {};
  void (*atomic)(char*) = [](char* p) { atomicAdd(reinterpret_cast<int*>(p + 2), 1); };
  EXPECT_THAT(violation(atomic, {}, bytes), HasSubstr("misaligned atomic at emulator_test.cpp:"));
  void (*store)(char*) = [](char* p) { cuda::store_vec(p + 8, float4{}); };
  EXPECT_THAT(violation(store, {}, bytes),
              HasSubstr("misaligned vector store at emulator_test.cpp:"));
}

TEST(SimtLaunch, ReportsExceptionsOfKernels) {
  EXPECT_THAT(violation(+[] { throw std::runtime_error("out of patience"); }, {.grid = 2}),
              HasSubstr("the kernel threw out of patience by block (0, 0, 0)"));
}

TEST(SimtLaunch, EndsAtATrap) {
  const std::string text = violation(
      +[] {
        if (blockIdx.x == 2) __trap();
      },
      {.grid = 4});
  EXPECT_THAT(text, HasSubstr("__trap at emulator_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("block (2, 0, 0)"));
}

TEST(SimtLaunch, HostFunctionsAreCheckedToo) {
  const Buffer<float> x{1, 2, 3, 4, 5};
  EXPECT_THROW(cuda::load_vec<float4>(x.data() + 1), Violation);
  EXPECT_EQ(cuda::load_vec<float4>(x.data()).w, 4);
}

TEST(SimtLaunch, WorksAfterAFailedOne) {
  void (*broken)() = [] {
    if (threadIdx.x % 2 == 0) __syncthreads();
  };
  void (*fine)(int*) = [](int* y) {
    __syncthreads();
    y[threadIdx.x] = static_cast<int>(threadIdx.x);
  };
  for (const Order order : kAllOrders) {
    for (int i = 0; i < 20; ++i) {
      config() = {.order = order};
      EXPECT_NE(violation(broken, {.block = 300}), "");
      Buffer<int> y(300);
      EXPECT_EQ(violation(fine, {.block = 300}, y.data()), "");
      EXPECT_EQ(y[299], 299);
    }
  }
}

TEST(SimtLaunch, RunsOnlyTheChosenBlocks) {
  Buffer<int> y(std::vector<int>(8, 0));
  config().only_blocks = {1, 6};
  launch(
      "entry", +[](int* y) { y[blockIdx.x + 4 * blockIdx.y] = 1; }, {.grid = {4, 2}}, Stream{},
      y.data());
  EXPECT_THAT(y.values(), ElementsAre(0, 1, 0, 0, 0, 0, 1, 0));
}

TEST(SimtLaunch, ThreadsAndBlocksRunInTheConfiguredOrder) {
  const auto first_of = [](Order order, uint64_t seed) {
    config() = {.order = order, .seed = seed};
    Buffer<unsigned> y{0u, 0u};
    launch(
        "entry",
        +[](unsigned* y) {
          if (atomicAdd(&y[0], 1u) == 0) atomicExch(&y[1], blockIdx.x * 128 + threadIdx.x);
        },
        {.grid = 2, .block = 128}, Stream{}, y.data());
    return y[1];
  };
  EXPECT_EQ(first_of(Order::breadth, 1), 0u);
  EXPECT_EQ(first_of(Order::up, 1), 0u);
  EXPECT_EQ(first_of(Order::down, 1), 255u);
  std::vector<unsigned> drawn;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    drawn.push_back(first_of(Order::random, seed));
    EXPECT_EQ(first_of(Order::random, seed), drawn.back());
  }
  EXPECT_THAT(drawn, testing::Not(Each(drawn[0])));
}

TEST(SimtWarp, ShufflesMoveValuesWithinTheirWidth) {
  Buffer<int> y(4 * 32);
  launch(
      "entry",
      +[](int* y) {
        const int lane = static_cast<int>(threadIdx.x);
        y[lane] = __shfl_sync(~0u, lane, 3, 8);
        y[32 + lane] = __shfl_up_sync(~0u, lane, 2, 8);
        y[64 + lane] = __shfl_down_sync(~0u, lane, 2, 8);
        y[96 + lane] = __shfl_xor_sync(~0u, lane, 5);
      },
      {.block = 32}, Stream{}, y.data());
  for (int lane = 0; lane < 32; ++lane) {
    const size_t i = static_cast<size_t>(lane);
    EXPECT_EQ(y[i], lane / 8 * 8 + 3);
    EXPECT_EQ(y[32 + i], lane % 8 < 2 ? lane : lane - 2);
    EXPECT_EQ(y[64 + i], lane % 8 >= 6 ? lane : lane + 2);
    EXPECT_EQ(y[96 + i], lane ^ 5);
  }
}

TEST(SimtWarp, RefusesAWidthThatIsNoPowerOfTwo) {
  EXPECT_THAT(violation(+[] { __shfl_sync(~0u, 1, 0, 12); }, {.block = 32}),
              HasSubstr("shuffle width 12 is no power of two"));
}

TEST(SimtWarp, VotesAndReducesOverTheNamedLanes) {
  Buffer<unsigned> y(10);
  launch(
      "entry",
      +[](unsigned* y) {
        if (threadIdx.x >= 8) return;
        const int value = static_cast<int>(threadIdx.x) - 3;  // -3 ... 4
        const unsigned mask = 0xff;
        const unsigned results[] = {
            __ballot_sync(mask, value > 0),
            static_cast<unsigned>(__any_sync(mask, value == 4)),
            static_cast<unsigned>(__all_sync(mask, value < 4)),
            static_cast<unsigned>(__reduce_add_sync(mask, value)),
            static_cast<unsigned>(__reduce_min_sync(mask, value)),
            static_cast<unsigned>(__reduce_max_sync(mask, value)),
            __reduce_or_sync(mask, threadIdx.x),
            __reduce_and_sync(mask, threadIdx.x | 8),
            __reduce_xor_sync(mask, threadIdx.x),
            __match_any_sync(mask, value / 2),
        };
        if (threadIdx.x == 0) {
          for (int i = 0; i < 10; ++i) y[i] = results[i];
        }
      },
      {.block = 40}, Stream{}, y.data());
  EXPECT_THAT(y.values(),
              ElementsAre(0xf0u, 1u, 0u, 4u, static_cast<unsigned>(-3), 4u, 7u, 8u, 0u, 0x03u));
}

TEST(SimtBlock, BarriersVote) {
  for (const Order order : kAllOrders) {
    config() = {.order = order};
    Buffer<int> y(3 * 100);
    launch(
        "entry",
        +[](int* y) {
          const int thread = static_cast<int>(threadIdx.x);
          y[thread] = __syncthreads_count(thread % 3 == 0);
          y[100 + thread] = __syncthreads_and(thread < 99);
          y[200 + thread] = __syncthreads_or(thread == 99);
        },
        {.block = 100}, Stream{}, y.data());
    for (size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(y[i], 34);
      EXPECT_EQ(y[100 + i], 0);
      EXPECT_EQ(y[200 + i], 1);
    }
  }
}

TEST(SimtAtomics, ReturnWhatWasThere) {
  Buffer<int> x{5, 5, 5, 5, 5, 5, 5};
  Buffer<unsigned> counter{7u, 7u};
  Buffer<int> y(7);
  launch(
      "entry",
      +[](int* x, unsigned* counter, int* y) {
        y[0] = atomicAdd(&x[0], 2);
        y[1] = atomicSub(&x[1], 2);
        y[2] = atomicMax(&x[2], 9);
        y[3] = atomicMin(&x[3], 9);
        y[4] = atomicExch(&x[4], 1);
        y[5] = atomicCAS(&x[5], 5, 8);
        y[6] = atomicCAS(&x[6], 4, 8);
        atomicInc(&counter[0], 7);
        atomicInc(&counter[1], 8);
      },
      {}, Stream{}, x.data(), counter.data(), y.data());
  EXPECT_THAT(x.values(), ElementsAre(7, 3, 9, 5, 1, 8, 5));
  EXPECT_THAT(y.values(), Each(5));
  EXPECT_THAT(counter.values(), ElementsAre(0u, 8u));
}

TEST(SimtMemory, CacheHintsChangeNoValue) {
  Buffer<float> x{1, 2};
  launch(
      "entry", +[](float* x) { __stcs(&x[0], __ldg(&x[0]) + __ldcs(&x[1])); }, {}, Stream{},
      x.data());
  EXPECT_EQ(x[0], 3);
}

TEST(SimtArithmetic, IsThatOfCuda) {
  EXPECT_EQ(::min(std::nanf(""), 2.0f), 2.0f);  // a NaN is ignored
  EXPECT_EQ(::max(1, 2u), 2u);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__popc(0xf0u), 4);
  EXPECT_EQ(__umulhi(1u << 31, 6u), 3u);
  EXPECT_EQ(__float_as_uint(1.0f), 0x3f800000u);
  EXPECT_EQ(__saturatef(1.5f), 1.0f);
  EXPECT_EQ(__saturatef(std::nanf("")), 0.0f);
}

struct alignas(16) EightBf16 {
  __nv_bfloat16 values[8];
};

TEST(SimtTypes, NarrowFloatsMoveAsVectorsAndComputeInFloat) {
  Buffer<float> x(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  Buffer<__nv_bfloat16> y(8);
  Buffer<__half> z(8);
  launch(
      "entry",
      +[](const float* x, __nv_bfloat16* y, __half* z) {
        EightBf16 doubled;
        for (int i = 0; i < 8; ++i) doubled.values[i] = __float2bfloat16(2 * x[i]);
        cuda::store_vec(y, doubled);
        const auto loaded = cuda::load_vec<EightBf16>(y);
        for (int i = 0; i < 8; ++i) {
          z[i] = __float2half(__bfloat162float(loaded.values[i]) + 0.5f);
        }
      },
      {}, Stream{}, x.data(), y.data(), z.data());
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(__half2float(z[i]), 2 * x[i] + 0.5f);
}

struct OneValue {
  float value;
};

TEST(SimtMemory, SharedMemoryIsFreshInEachBlock) {
  Buffer<float> y(4);
  const std::string text = violation(
      +[](float* y) {
        float* shared =
            blockIdx.x % 2 == 0 ? dynamic_shared<float>() : &block_shared<OneValue>().value;
        y[blockIdx.x] = *shared;
        *shared = 1;
      },
      {.grid = 4, .shared_bytes = 4}, y.data());
  EXPECT_EQ(text.find("reads uninitialised memory") != std::string::npos, is_checked()) << text;
  EXPECT_THAT(y.values(), Each(testing::IsNan()));
}

TEST(SimtMemory, BuffersAreAlignedAndFilled) {
  for (const size_t bytes : {1, 255, 256, 1000}) {
    auto* buffer = static_cast<unsigned char*>(allocate(bytes));
    mark_written(buffer, bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer) % 256, 0u);
    EXPECT_EQ(buffer[0], 0xFF);
    EXPECT_EQ(buffer[bytes - 1], 0xFF);
    deallocate(buffer);
  }
  const Buffer<int> empty(0);
  EXPECT_NE(empty.data(), nullptr);
}

TEST(SimtMemory, ReservedMemoryIsZeroAgainAfterUse) {
  constexpr size_t kBytes = size_t{3} << 30;
  for (int i = 0; i < 20; ++i) {
    auto* bytes = static_cast<unsigned char*>(reserve(kBytes));
    EXPECT_EQ(bytes[0] + bytes[kBytes / 2] + bytes[kBytes - 1], 0);
    bytes[0] = bytes[kBytes / 2] = bytes[kBytes - 1] = 1;
    deallocate(bytes);
  }
}

}  // namespace
}  // namespace smtrain::simt
