// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/matmul_strided.h"

#include "smtrain/tests/kernels/cuda/random_values.h"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace smtrain {
namespace {

/// The rounding of a result of size 1, and of one sum.
template <typename T>
constexpr double kStep = 0x1p-22;
template <>
constexpr double kStep<BFloat16> = 0x1p-8;
template <>
constexpr double kStep<Float16> = 0x1p-11;
template <>
constexpr double kStep<double> = 0x1p-50;

struct Strides {
  int64_t batch, row, column;
};

/// Ways for a batch of matrices of rows x columns to lie in memory.
std::vector<Strides> all_strides(int64_t rows, int64_t columns) {
  return {
      {rows * columns, columns, 1},          // dense
      {rows * columns, 1, rows},             // transposed
      {rows * columns * 6, columns * 6, 2},  // every second column of every third row
      {0, 0, 1},                             // one row, repeated
      {0, 1, 0},                             // one column, repeated
      {columns, 2 * columns * 3, 1},         // the batch between the rows
      {1, 4 * columns, 4},                   // the batch innermost
  };
}

template <typename T>
struct Factor {
  std::vector<T> values;
  Strides strides;

  Factor(int64_t batch, int64_t rows, int64_t columns, Strides strides, uint32_t seed)
      : strides(strides) {
    const auto last = [](int64_t size) { return std::max<int64_t>(0, size - 1); };
    values = random_values<T>(
        last(batch) * strides.batch + last(rows) * strides.row + last(columns) * strides.column + 1,
        seed);
  }

  double at(int64_t b, int64_t i, int64_t j) const {
    return static_cast<double>(
        values[static_cast<size_t>(b * strides.batch + i * strides.row + j * strides.column)]);
  }
  MatrixBatch in(const simt::Buffer<T>& buffer) const {
    return {buffer.data(), strides.batch, strides.row, strides.column};
  }
};

struct Sizes {
  int64_t batch, rows, columns, inner;
};

template <typename T>
std::vector<T> product(const Sizes& s, const Factor<T>& a, const Factor<T>& c,
                       const std::vector<T>& y, bool accumulate) {
  const simt::Buffer<T> a_buffer(a.values), c_buffer(c.values);
  simt::Buffer<T> y_buffer(y.size());
  if (accumulate) std::copy(y.begin(), y.end(), y_buffer.data());
  cuda::matmul_strided({.batch = s.batch,
                        .rows = s.rows,
                        .columns = s.columns,
                        .inner = s.inner,
                        .dtype = dtype_of<T>,
                        .y_dtype = dtype_of<T>,
                        .tf32 = false,
                        .accumulate = accumulate,
                        .a = a.in(a_buffer),
                        .c = c.in(c_buffer),
                        .y = y_buffer.data()},
                       Stream{});
  return y_buffer.values();
}

template <typename T>
void check(const Sizes& s, Strides a_strides, Strides c_strides, bool accumulate) {
  SCOPED_TRACE(testing::Message() << s.batch << " x [" << s.rows << ", " << s.inner << "] x ["
                                  << s.inner << ", " << s.columns << "] of " << name_of(dtype_of<T>)
                                  << ", strides " << a_strides.row << " " << a_strides.column
                                  << " and " << c_strides.row << " " << c_strides.column
                                  << (accumulate ? ", accumulated" : ""));
  const Factor<T> a(s.batch, s.rows, s.inner, a_strides, 1);
  const Factor<T> c(s.batch, s.inner, s.columns, c_strides, 2);
  const auto y = random_values<T>(s.batch * s.rows * s.columns, 3);
  const std::vector<T> first = product(s, a, c, y, accumulate);
  for (size_t i = 0; i < first.size(); ++i) {
    const int64_t place = static_cast<int64_t>(i), row = place / s.columns;
    double sum = accumulate ? static_cast<double>(y[i]) : 0, size = std::abs(sum);
    for (int64_t k = 0; k < s.inner; ++k) {
      const double term =
          a.at(row / s.rows, row % s.rows, k) * c.at(row / s.rows, k, place % s.columns);
      sum += term;
      size += std::abs(term);
    }
    const double rounding =
        kStep<T> * std::abs(sum) + kStep<acc_t<T>> * size * static_cast<double>(1 + s.inner);
    ASSERT_NEAR(static_cast<double>(first[i]), sum, rounding) << "element " << i;
  }
  for (const simt::Order order : simt::kAllOrders) {
    simt::config().order = order;
    const std::vector<T> again = product(s, a, c, y, accumulate);
    for (size_t i = 0; i < first.size(); ++i)
      ASSERT_EQ(static_cast<double>(again[i]), static_cast<double>(first[i])) << order;
  }
  simt::config() = {};
}

template <typename T>
class MatmulStrided : public testing::Test {};
using Floating = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(MatmulStrided, Floating);

TYPED_TEST(MatmulStrided, AgreesWithFloat64ForAnyStrides) {
  const Sizes s = {.batch = 3, .rows = 17, .columns = 19, .inner = 18};
  for (const Strides& a : all_strides(s.rows, s.inner)) {
    for (const Strides& c : all_strides(s.inner, s.columns)) check<TypeParam>(s, a, c, false);
  }
}

TYPED_TEST(MatmulStrided, AgreesWithFloat64AtRaggedSizes) {
  for (const int64_t rows : {1, 16, 33}) {
    for (const int64_t columns : {1, 15, 33}) {
      for (const int64_t inner : {0, 1, 16, 17}) {
        for (const bool accumulate : {false, true}) {
          check<TypeParam>({.batch = 1, .rows = rows, .columns = columns, .inner = inner},
                           {0, inner * 2, 2}, {0, columns, 1}, accumulate);
        }
      }
    }
  }
}

TYPED_TEST(MatmulStrided, WritesNothingWhereYHasNoElements) {
  check<TypeParam>({.batch = 0, .rows = 2, .columns = 2, .inner = 2}, {4, 2, 1}, {4, 2, 1}, false);
  check<TypeParam>({.batch = 1, .rows = 0, .columns = 2, .inner = 2}, {4, 2, 1}, {4, 2, 1}, false);
  check<TypeParam>({.batch = 1, .rows = 2, .columns = 0, .inner = 2}, {4, 2, 1}, {4, 2, 1}, false);
}

TEST(MatmulStrided, HasMoreTilesThanBlocks) {
  check<float>({.batch = 4300, .rows = 1, .columns = 2, .inner = 3}, {3, 3, 1}, {0, 1, 3}, false);
}

TEST(MatmulStrided, KeepsNaNInItsRow) {
  const simt::Buffer<float> a{NAN, 0, 0, 1}, c{1, 2, 3, 4};
  simt::Buffer<float> y(4);
  cuda::matmul_strided({.batch = 1,
                        .rows = 2,
                        .columns = 2,
                        .inner = 2,
                        .dtype = DType::f32,
                        .y_dtype = DType::f32,
                        .tf32 = false,
                        .accumulate = false,
                        .a = {a.data(), 0, 2, 1},
                        .c = {c.data(), 0, 2, 1},
                        .y = y.data()},
                       Stream{});
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  EXPECT_EQ(y[2], 3);
  EXPECT_EQ(y[3], 4);
}

}  // namespace
}  // namespace smtrain
