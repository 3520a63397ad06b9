// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/column_sums.h"

#include "smtrain/tests/kernels/cuda/random_values.h"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain {
namespace {

/// How far T is from one value to the next, near 1: of bf16, f16, and of sums in f32 and f64.
template <typename T>
constexpr double kStep = 0x1p-20;
template <>
constexpr double kStep<BFloat16> = 0x1p-8;
template <>
constexpr double kStep<Float16> = 0x1p-11;
template <>
constexpr double kStep<double> = 0x1p-48;

template <typename T>
struct Case {
  int64_t rows, columns;
  bool accumulate;
  std::vector<T> x = random_values<T>(rows * columns, 1);
  std::vector<T> y = random_values<T>(columns, 2);  // before

  std::vector<T> run(bool in_parts) const {
    const simt::Buffer<T> in(x);
    simt::Buffer<T> out(y.size());
    if (accumulate) std::copy(y.begin(), y.end(), out.data());
    if (in_parts) {
      const size_t bytes = column_sums_workspace_bytes(rows, columns);
      simt::Buffer<double> workspace(bytes / sizeof(double));
      cuda::column_sums(rows, columns, dtype_of<T>, dtype_of<T>, in.data(), out.data(), accumulate,
                        bytes == 0 ? nullptr : workspace.data(), Stream{});
    } else {
      cuda::column_sums(rows, columns, dtype_of<T>, dtype_of<T>, in.data(), out.data(), accumulate,
                        Stream{});
    }
    return out.values();
  }

  void check(const std::vector<T>& sums) const {
    for (int64_t c = 0; c < columns; ++c) {
      double sum = accumulate ? static_cast<double>(y[static_cast<size_t>(c)]) : 0;
      double size = std::abs(sum);
      for (int64_t r = 0; r < rows; ++r) {
        const double value = static_cast<double>(x[static_cast<size_t>(r * columns + c)]);
        sum += value;
        size += std::abs(value);
      }
      const double rounding = kStep<T> * std::abs(sum) + kStep<acc_t<T>> * size;
      ASSERT_NEAR(static_cast<double>(sums[static_cast<size_t>(c)]), sum, rounding)
          << "column " << c;
    }
  }
};

template <typename T>
void check_every_order(int64_t rows, int64_t columns, bool accumulate, bool in_parts) {
  SCOPED_TRACE(testing::Message() << rows << " x " << columns << " of " << name_of(dtype_of<T>)
                                  << (accumulate ? ", accumulated" : "")
                                  << (in_parts ? ", in parts" : ""));
  const Case<T> one{.rows = rows, .columns = columns, .accumulate = accumulate};
  const std::vector<T> first = one.run(in_parts);
  one.check(first);
  for (const simt::Order order : simt::kAllOrders) {
    simt::config().order = order;
    const std::vector<T> again = one.run(in_parts);
    for (size_t c = 0; c < first.size(); ++c)
      ASSERT_EQ(static_cast<double>(again[c]), static_cast<double>(first[c])) << order;
  }
  simt::config() = {};
}

template <typename T>
class ColumnSums : public testing::Test {};
using Floating = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(ColumnSums, Floating);

TYPED_TEST(ColumnSums, AgreesWithSumsInFloat64AtRaggedSizes) {
  for (const int64_t rows : {0, 1, 31, 33, 257}) {
    for (const int64_t columns : {0, 1, 31, 33, 257}) {
      check_every_order<TypeParam>(rows, columns, false, false);
      check_every_order<TypeParam>(rows, columns, true, false);
    }
  }
}

TYPED_TEST(ColumnSums, AgreesWithSumsInFloat64WhereRowsAreCutIntoParts) {
  for (const int64_t rows : {0, 512, 513, 2049}) {
    for (const int64_t columns : {1, 33}) {
      check_every_order<TypeParam>(rows, columns, false, true);
      check_every_order<TypeParam>(rows, columns, true, true);
    }
  }
}

TEST(ColumnSums, HasMoreTilesThanBlocks) { check_every_order<float>(2, 140'001, true, true); }

TEST(ColumnSums, KeepsNaNAndInfinityInTheirColumns) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const simt::Buffer<float> x{1, kNaN, kInfinity, 2, 0, 1};
  simt::Buffer<float> y(3);
  cuda::column_sums(2, 3, DType::f32, DType::f32, x.data(), y.data(), false, Stream{});
  EXPECT_EQ(y[0], 3);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(y[2], kInfinity);
}

}  // namespace
}  // namespace smtrain
