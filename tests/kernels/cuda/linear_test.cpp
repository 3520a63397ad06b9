// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/linear.h"

#include "smtrain/kernels/failure.h"
#include "smtrain/kernels/stream.h"
#include "smtrain/tests/kernels/cuda/host_cublas.h"
#include "smtrain/tests/kernels/cuda/random_values.h"
#include "smtrain/tests/simt/simt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace smtrain::cuda {

void linear_forward(const LinearArgs&, Stream);
void linear_backward_input(const LinearBackwardInputArgs&, Stream);
void linear_backward_weight(const LinearBackwardWeightArgs&, Stream);

namespace {

template <typename T>
constexpr double kTolerance = 1e-5;
template <>
constexpr double kTolerance<double> = 1e-13;
template <>
constexpr double kTolerance<BFloat16> = 0.05;  // y is rounded twice where the bias comes after
template <>
constexpr double kTolerance<Float16> = 0.01;

template <typename T>
std::vector<double> widened(const simt::Buffer<T>& buffer) {
  std::vector<double> values;
  for (const T value : buffer.values()) values.push_back(static_cast<double>(value));
  return values;
}

/// y[i, j] = start[i, j] + the sum over k of a(i, k) c(k, j).
template <typename A, typename C>
std::vector<double> sums(int64_t rows, int64_t columns, int64_t inner, std::vector<double> start,
                         const A& a, const C& c) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      for (int64_t k = 0; k < inner; ++k)
        start[static_cast<size_t>(i * columns + j)] += a(i, k) * c(k, j);
    }
  }
  return start;
}

template <typename T>
void expect_near(const simt::Buffer<T>& buffer, const std::vector<double>& expected) {
  const std::vector<double> values = widened(buffer);
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], kTolerance<T> * (1 + std::abs(expected[i]))) << i;
}

/// A layer's matrices, random, in device memory; gradients of the parameters come as Gradient.
template <typename T, typename Gradient = T>
struct Layer {
  int64_t rows, in_features, out_features;
  bool tf32 = false;
  simt::Buffer<T> x{random_values<T>(rows * in_features, 1)};
  simt::Buffer<T> weight{random_values<T>(out_features * in_features, 2)};
  simt::Buffer<T> bias{random_values<T>(out_features, 3)};
  simt::Buffer<T> dy{random_values<T>(rows * out_features, 4)};
  simt::Buffer<Gradient> before{
      random_values<Gradient>(rows * in_features + out_features * in_features, 5)};

  static double at(const simt::Buffer<T>& matrix, int64_t columns, int64_t i, int64_t j) {
    return static_cast<double>(matrix[static_cast<size_t>(i * columns + j)]);
  }
  auto x_at() const {
    return [this](int64_t i, int64_t j) { return at(x, in_features, i, j); };
  }
  auto dy_at() const {
    return [this](int64_t i, int64_t j) { return at(dy, out_features, i, j); };
  }
  auto weight_at() const {
    return [this](int64_t i, int64_t j) { return at(weight, in_features, i, j); };
  }

  /// A result of so many elements: with what was there before, or unwritten.
  template <typename Result>
  std::vector<double> prepare(simt::Buffer<Result>& result, bool accumulate) const {
    if (!accumulate) return std::vector<double>(result.size());
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = static_cast<Result>(static_cast<acc_t<Gradient>>(before[i]));
    return widened(result);
  }

  void check_forward(const T* with_bias, bool relu) const {
    simt::Buffer<T> y(static_cast<size_t>(rows * out_features));
    linear_forward({.rows = rows,
                    .in_features = in_features,
                    .out_features = out_features,
                    .dtype = dtype_of<T>,
                    .tf32 = tf32,
                    .relu = relu,
                    .x = x.data(),
                    .weight = weight.data(),
                    .bias = with_bias,
                    .y = y.data()},
                   Stream{});
    std::vector<double> start(y.size());
    for (size_t i = 0; i < start.size() && with_bias != nullptr; ++i)
      start[i] = static_cast<double>(with_bias[i % static_cast<size_t>(out_features)]);
    std::vector<double> expected = sums(rows, out_features, in_features, start, x_at(),
                                        [this](int64_t k, int64_t j) { return weight_at()(j, k); });
    for (double& value : expected) value = relu ? std::max(0.0, value) : value;
    expect_near(y, expected);
  }

  void check_backward_input(bool accumulate) const {
    simt::Buffer<T> dx(static_cast<size_t>(rows * in_features));
    const std::vector<double> start = prepare(dx, accumulate);
    linear_backward_input({.rows = rows,
                           .in_features = in_features,
                           .out_features = out_features,
                           .dtype = dtype_of<T>,
                           .tf32 = tf32,
                           .accumulate = accumulate,
                           .dy = dy.data(),
                           .weight = weight.data(),
                           .dx = dx.data()},
                          Stream{});
    expect_near(dx, sums(rows, in_features, out_features, start, dy_at(), weight_at()));
  }

  void check_backward_weight(bool accumulate) const {
    simt::Buffer<Gradient> dw(static_cast<size_t>(out_features * in_features));
    simt::Buffer<Gradient> db(static_cast<size_t>(in_features == 0 ? 0 : out_features));
    const std::vector<double> dw_start = prepare(dw, accumulate);
    const std::vector<double> db_start = prepare(db, accumulate);
    linear_backward_weight({.rows = rows,
                            .in_features = in_features,
                            .out_features = out_features,
                            .dtype = dtype_of<T>,
                            .gradient_dtype = dtype_of<Gradient>,
                            .tf32 = tf32,
                            .accumulate_weight = accumulate,
                            .accumulate_bias = accumulate,
                            .x = x.data(),
                            .dy = dy.data(),
                            .dw = dw.data(),
                            .db = in_features == 0 ? nullptr : db.data()},
                           Stream{});
    expect_near(dw, sums(
                        out_features, in_features, rows, dw_start,
                        [this](int64_t i, int64_t k) { return dy_at()(k, i); }, x_at()));
    if (in_features == 0) return;
    expect_near(
        db, sums(
                1, out_features, rows, db_start, [](int64_t, int64_t) { return 1.0; }, dy_at()));
  }

  void check_all() const {
    SCOPED_TRACE(testing::Message() << "[" << rows << ", " << in_features << "] to " << out_features
                                    << " of " << name_of(dtype_of<T>));
    for (const bool flag : {false, true}) {
      check_forward(bias.data(), flag);
      check_forward(nullptr, flag);
      check_backward_input(flag);
      check_backward_weight(flag);
    }
    EXPECT_EQ(kernel_failure, "");
  }
};

template <typename T>
class LinearCuda : public testing::Test {
 protected:
  void SetUp() override { host_cublas::reset(); }
  void TearDown() override {
    host_cublas::reset();
    kernel_failure.clear();
  }
};
using Floating = testing::Types<float, double, BFloat16, Float16>;
TYPED_TEST_SUITE(LinearCuda, Floating);

TYPED_TEST(LinearCuda, AgreesWithFloat64AtRaggedSizes) {
  for (const int64_t rows : {1, 5, 33}) {
    for (const int64_t in_features : {1, 7}) {
      for (const int64_t out_features : {1, 10}) {
        Layer<TypeParam>{rows, in_features, out_features}.check_all();
      }
    }
  }
}

template <typename T>
class LinearCudaNarrow : public LinearCuda<T> {};
using Narrow = testing::Types<BFloat16, Float16>;
TYPED_TEST_SUITE(LinearCudaNarrow, Narrow);

TYPED_TEST(LinearCudaNarrow, GradientsOfParametersComeInF32) {
  for (const bool has_algorithms : {true, false}) {
    host_cublas::behaviour().has_algorithms = has_algorithms;
    Layer<TypeParam, float>{5 + has_algorithms, 7, 10}.check_all();
    Layer<TypeParam, float>{0, 3, 4}.check_all();
  }
}

TEST(LinearCuda, TF32IsUsedWhereItIsAllowed) {
  host_cublas::reset();
  host_cublas::behaviour().expects_tf32 = true;
  Layer<float>{.rows = 3, .in_features = 5, .out_features = 4, .tf32 = true}.check_all();
  EXPECT_GT(host_cublas::seen().products, 0);
  host_cublas::reset();
}

TYPED_TEST(LinearCuda, SizesOfZeroGiveSumsOfNothing) {
  Layer<TypeParam>{0, 3, 4}.check_all();
  Layer<TypeParam>{2, 0, 4}.check_all();
  Layer<TypeParam>{2, 3, 0}.check_all();
  EXPECT_EQ(host_cublas::seen().products, 0);
}

TYPED_TEST(LinearCuda, BiasAtAnOddAddressIsAddedAfterwards) {
  const Layer<TypeParam> layer{4, 8, 10};
  const simt::Buffer<TypeParam> biases(random_values<TypeParam>(11, 6));
  layer.check_forward(biases.data() + 1, true);
  EXPECT_EQ(kernel_failure, "");
}

TYPED_TEST(LinearCuda, WorksWhereCublasHasNoAlgorithm) {
  host_cublas::behaviour().has_algorithms = false;
  Layer<TypeParam>{6, 11, 12}.check_all();  // sizes that no other test has asked for
  EXPECT_EQ(host_cublas::seen().products, 0);
}

TEST(LinearCuda, AlgorithmIsChosenOnce) {
  host_cublas::reset();
  const Layer<float> layer{3, 13, 14};
  for (int i = 0; i < 3; ++i) layer.check_forward(layer.bias.data(), false);
  EXPECT_EQ(host_cublas::seen().choices, 1);
  EXPECT_EQ(host_cublas::seen().products, 3);
}

}  // namespace
}  // namespace smtrain::cuda
