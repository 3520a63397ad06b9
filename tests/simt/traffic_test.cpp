// SPDX-License-Identifier: Apache-2.0

// The access checker counts what accesses cost.

#include "smtrain/tests/simt/planted.h"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

namespace smtrain::simt {
namespace {

class Traffic : public testing::Test {
 protected:
  void SetUp() override { config().count_traffic = true; }

  // The one line of the last launch that does such accesses.
  static LineTraffic of(bool shared, bool store) {
    LineTraffic found;
    int lines = 0;
    for (const LineTraffic& line : traffic()) {
      if (line.shared != shared || line.store != store) continue;
      found = line;
      ++lines;
    }
    EXPECT_EQ(lines, 1);
    return found;
  }

  static void transpose(int tile_cols) {
    const Buffer<float> x(std::vector<float>(64 * 64, 1.0f));
    Buffer<float> y(64 * 64);
    planted::transpose(planted::Bug::none, x.data(), y.data(), 64, 64, tile_cols);
  }
};

TEST_F(Traffic, PaddedTileHasNoBankConflicts) {
  transpose(33);
  const LineTraffic load = of(true, false);
  EXPECT_EQ(load.file, "planted_index.cu");
  EXPECT_EQ(load.requests, 4 * 32);  // of each tile, a warp per column
  EXPECT_EQ(load.transactions, load.requests);
  EXPECT_EQ(load.least, load.requests);
}

TEST_F(Traffic, SquareTileConflictsInEveryBank) {
  transpose(32);
  const LineTraffic load = of(true, false);
  EXPECT_EQ(load.transactions, 32 * load.requests);
  const LineTraffic store = of(true, true);
  EXPECT_EQ(store.transactions, store.requests);
}

TEST_F(Traffic, RowsOfFloatsNeedFourSectorsPerWarp) {
  transpose(33);
  for (const bool store : {false, true}) {
    const LineTraffic line = of(false, store);
    EXPECT_EQ(line.requests, 4 * 32);
    EXPECT_EQ(line.transactions, 4 * line.requests);
    EXPECT_EQ(line.least, line.transactions);
  }
}

TEST_F(Traffic, StridedStoreNeedsASectorPerLane) {
  Buffer<float> y(32 * 32);
  cuda::launch(
      "entry", +[](float* y) { y[threadIdx.x * 32] = 1; }, {.block = 32}, Stream{}, y.data());
  const LineTraffic store = of(false, true);
  EXPECT_EQ(store.requests, 1);
  EXPECT_EQ(store.transactions, 32);
  EXPECT_EQ(store.least, 4);
}

TEST_F(Traffic, VectorsAreOneAccess) {
  const Buffer<float> x(std::vector<float>(1024, 1.0f));
  Buffer<float> y(1024);
  planted::copy(planted::Bug::none, x.data(), y.data(), 1024);
  for (const bool store : {false, true}) {
    const LineTraffic line = of(false, store);
    EXPECT_EQ(line.requests, 8);  // 32 lanes of 16 bytes each
    EXPECT_EQ(line.transactions, 8 * 16);
  }
}

TEST_F(Traffic, IsOfTheLastLaunchAlone) {
  transpose(33);
  Buffer<float> y(1);
  cuda::launch(
      "entry", +[](float* y) { *y = 1; }, {}, Stream{}, y.data());
  EXPECT_EQ(traffic().size(), 1u);
}

}  // namespace
}  // namespace smtrain::simt
