// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/bias_relu.h"

#include "smtrain/kernels/failure.h"
#include "smtrain/tests/kernels/cuda/random_values.h"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain::cuda {
namespace {

template <typename T>
class BiasRelu : public testing::Test {
 protected:
  /// y + bias is rounded once, as the sum in f32 or wider is here.
  static void check(int64_t rows, int64_t columns, bool has_bias, bool relu, int64_t offset = 0) {
    SCOPED_TRACE(testing::Message() << "[" << rows << ", " << columns << "], bias " << has_bias
                                    << ", relu " << relu << ", offset " << offset);
    simt::Buffer<T> y(random_values<T>(rows * columns + offset, 1));
    const simt::Buffer<T> before(y.values()), bias(random_values<T>(columns, 2));
    bias_relu(rows, columns, dtype_of<T>, has_bias ? bias.data() : nullptr, relu, y.data() + offset,
              Stream{});
    EXPECT_EQ(kernel_failure, "");
    using Acc = acc_t<T>;
    for (int64_t i = 0; i < rows * columns; ++i) {
      const auto at = static_cast<size_t>(i + offset);
      Acc sum = static_cast<Acc>(before[at]);
      if (has_bias) sum += static_cast<Acc>(bias[static_cast<size_t>(i % columns)]);
      const T expected = static_cast<T>(relu ? std::max(Acc(0), sum) : sum);
      ASSERT_EQ(static_cast<Acc>(y[at]), static_cast<Acc>(expected)) << i;
    }
  }
};
using Floating = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(BiasRelu, Floating);

TYPED_TEST(BiasRelu, AddsAndKeepsWhatIsPositiveAtRaggedSizes) {
  for (const bool has_bias : {false, true}) {
    for (const bool relu : {false, true}) {
      for (const int64_t rows : {0, 1, 3, 257})
        for (const int64_t columns : {0, 1, 7, 8, 64}) this->check(rows, columns, has_bias, relu);
      this->check(5, 8, has_bias, relu, 1);
    }
  }
}

TEST(BiasRelu, KeepsNaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  simt::Buffer<float> y{kNaN, -1, 2, 3};
  const simt::Buffer<float> bias{1, kNaN};
  bias_relu(2, 2, DType::f32, bias.data(), true, y.data(), Stream{});
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], 3);
  EXPECT_TRUE(std::isnan(y[3]));
}

}  // namespace
}  // namespace smtrain::cuda
