// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/divisor.h"

#include <gtest/gtest.h>

#include <vector>

namespace smtrain {
namespace {

TEST(Divisor, DividesAsTheProcessorDoes) {
  std::vector<int64_t> numbers = {1, 2, 3, 5, 6, 7, 10, 641, 1000003, INT64_MAX - 1, INT64_MAX};
  for (int bit = 2; bit < 63; ++bit) {
    for (const int64_t near : {-1, 0, 1}) numbers.push_back((int64_t{1} << bit) + near);
  }
  for (const int64_t d : numbers) {
    const Divisor divisor(d);
    for (const int64_t n : numbers) {
      // Around multiples of d, where a quotient that is rounded wrongly shows first.
      for (const int64_t x : {n, n / d * d, n / d * d - 1, int64_t{0}}) {
        if (x < 0) continue;
        ASSERT_EQ(x / divisor, x / d) << x << " / " << d;
        ASSERT_EQ(x % divisor, x % d) << x << " % " << d;
      }
    }
  }
}

}  // namespace
}  // namespace smtrain
