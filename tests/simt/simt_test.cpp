// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/simt.h"

#include "smtrain/tests/simt/planted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::simt {
namespace {

TEST(Simt, FirstKernelRuns) {
  for (const Order order : kAllOrders) {
    SCOPED_TRACE(order);
    config().order = order;
    const Buffer<float> x(std::vector<float>(600, 1.0f));
    Buffer<float> y(2);
    planted::row_sum(planted::Bug::none, 1, x.data(), y.data(), 2, 300);
    EXPECT_THAT(y.values(), testing::ElementsAre(300, 300));
  }
}

}  // namespace
}  // namespace smtrain::simt
