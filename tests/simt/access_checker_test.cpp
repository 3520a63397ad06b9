// SPDX-License-Identifier: Apache-2.0

// What the access checker has to see, and what it must not take for a mistake.

#include "smtrain/kernels/cuda/device.cuh"
#include "smtrain/tests/simt/simt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>

namespace smtrain::simt {
namespace {

using cuda::launch;
using testing::ElementsAre;
using testing::HasSubstr;

struct Twelve {
  float values[12];
};

template <typename... Parameters, typename... Arguments>
std::string violation(void (*kernel)(Parameters...), unsigned threads, Arguments... arguments) {
  try {
    launch("entry", kernel, {.block = threads}, Stream{}, arguments...);
  } catch (const Violation& violation) {
    return violation.what();
  }
  return "";
}

TEST(AccessChecker, SeesCopiesOfMemory) {
  void (*copies)(Twelve*) = [](Twelve* x) { std::memcpy(&x[1], &x[0], sizeof(Twelve)); };
  void (*assigns)(Twelve*) = [](Twelve* x) { x[1] = x[0]; };
  void (*clears)(Twelve*) = [](Twelve* x) { std::memset(&x[2], 0, sizeof(Twelve)); };
  Buffer<Twelve> x(2);
  EXPECT_THAT(violation(copies, 1, x.data()), HasSubstr("reads uninitialised memory"));
  EXPECT_THAT(violation(assigns, 1, x.data()), HasSubstr("reads uninitialised memory"));
  EXPECT_THAT(violation(clears, 1, x.data()), HasSubstr("writes out of range"));
  x[0] = {};
  EXPECT_EQ(violation(copies, 1, x.data()), "");
  EXPECT_EQ(x[1].values[11], 0);
}

TEST(AccessChecker, BytesBesideEachOtherDoNotRace) {
  Buffer<uint8_t> y(256);
  EXPECT_EQ(
      violation(
          +[](uint8_t* y) { y[threadIdx.x] = static_cast<uint8_t>(threadIdx.x); }, 256, y.data()),
      "");
}

TEST(AccessChecker, KernelsMayReadTheirArgumentsConstantsAndLocals) {
  static constexpr std::array<float, 4> kConstants = {1, 2, 3, 4};
  Buffer<float> y(4);
  EXPECT_EQ(violation(
                +[](Twelve argument, float* y) {
                  float local[4];
                  for (int i = 0; i < 4; ++i) local[i] = argument.values[i] + kConstants[i];
                  y[threadIdx.x] = local[threadIdx.x];
                },
                4, Twelve{{1, 2, 3, 4}}, y.data()),
            "");
  EXPECT_THAT(y.values(), ElementsAre(2, 4, 6, 8));
}

int host_counter = 0;

TEST(AccessChecker, KernelsMayNotUseVariablesOfTheHost) {
  EXPECT_THAT(violation(
                  +[](int* counter) { *counter = 1; }, 1, &host_counter),
              HasSubstr("access_checker_test.cpp"));
  host_counter = 0;
}

TEST(AccessChecker, BelievesWhatItIsTold) {
  Buffer<float> x(4);
  mark_written(x.data(), 2 * sizeof(float));
  void (*read)(const float*, int) = [](const float* x, int i) {
    if (x[i] == 0) __trap();
  };
  EXPECT_EQ(violation(read, 1, x.data(), 1), "");
  EXPECT_THAT(violation(read, 1, x.data(), 2), HasSubstr("reads uninitialised memory"));
}

TEST(AccessChecker, OtherThreadsOfTheHostGoOnMeanwhile) {
  std::atomic<bool> stop = false;
  std::vector<int> values(1000);
  std::thread other([&] {
    while (!stop) {
      for (int& value : values) ++value;
    }
  });
  Buffer<float> y(256);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(violation(
                  +[](float* y) { y[threadIdx.x] = 1; }, 256, y.data()),
              "");
  }
  stop = true;
  other.join();
}

TEST(AccessChecker, OrderIsTransitiveOverBarriers) {
  Buffer<float> y(64);
  EXPECT_EQ(violation(
                +[](float* y) {
                  y[threadIdx.x] = 1;
                  __syncthreads();
                  y[(threadIdx.x + 1) % 64] += 1;
                  __syncthreads();
                  y[(threadIdx.x + 2) % 64] += 1;
                },
                64, y.data()),
            "");
  EXPECT_EQ(y[0], 3);
}

TEST(AccessChecker, WarpBarrierOrdersItsLanesAlone) {
  Buffer<float> y(32);
  void (*kernel)(float*, unsigned) = [](float* y, unsigned reader) {
    if (threadIdx.x == 0) y[0] = 1;
    if (threadIdx.x < 8) __syncwarp(0xff);
    if (threadIdx.x == reader) y[1] = y[0];
  };
  EXPECT_EQ(violation(kernel, 32, y.data(), 7u), "");
  EXPECT_THAT(violation(kernel, 32, y.data(), 8u), HasSubstr("read after write races"));
}

}  // namespace
}  // namespace smtrain::simt
