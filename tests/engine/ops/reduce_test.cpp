// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/reduce.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/reference/reduce.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace smtrain::test {
namespace {

class Reduce : public OpTest {};
SMTRAIN_OP_TEST(Reduce, kFloatingDTypes);

using Line = std::vector<double>;

double sum_of(const Line& line) { return std::accumulate(line.begin(), line.end(), 0.0); }
double mean_of(const Line& line) { return sum_of(line) / static_cast<double>(line.size()); }
double max_of(const Line& line) { return *std::max_element(line.begin(), line.end()); }
double min_of(const Line& line) { return *std::min_element(line.begin(), line.end()); }
double argmax_of(const Line& line) {
  return static_cast<double>(std::max_element(line.begin(), line.end()) - line.begin());
}
double variance_of(const Line& line) {
  double squares = 0;
  for (const double value : line) squares += std::pow(value - mean_of(line), 2);
  return squares / static_cast<double>(line.size() - 1);
}

// Along the last dimension (inner size 1), along others, and around lanes, runs and parts.
const std::vector<Shape> kShapes = {{1, 1, 1},   {3, 15, 1},   {3, 17, 1},
                                    {1, 513, 1}, {2, 8193, 1}, {1, 3000, 5},
                                    {4, 33, 63}, {4, 2, 65},   {0, 4, 2}};

TEST_P(Reduce, AgreesWithFloat64Reference) {
  for (const OpCase& c : cases(kShapes)) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = c.randn();
    // Sums of thousands may cancel, so they are close as a fraction of their terms' magnitude.
    const double rounding = tolerance(dtype()) * std::sqrt(static_cast<double>(x.size(1)));
    const auto expect = [&](const Tensor& y, double (*f)(const Line&), double allowed) {
      EXPECT_CLOSE(y.to_vector<double>(), reference::reduce_middle(f, x), allowed);
    };
    expect(sum(x, {1}), sum_of, rounding);
    expect(mean(x, {1}), mean_of, rounding);
    expect(max(x, {1}), max_of, 0);
    expect(min(x, {1}), min_of, 0);
    expect(argmax(x, 1), argmax_of, 0);
    if (x.size(1) > 1) expect(variance(x, {1}), variance_of, rounding);
  }
}

TEST_P(Reduce, OverSeveralDimensionsInAnyOrderOfMemory) {
  const Tensor x = randn({3, 5, 4, 7}, dtype(), 1);
  const Tensor expected = sum(reshape(permute(x, {1, 0, 2, 3}), {5, 84}), {1});
  EXPECT_CLOSE(sum(x, {0, 2, 3}), expected, tolerance(dtype()));
  EXPECT_CLOSE(sum(to_channels_last(x), {0, -2, -1}), expected, tolerance(dtype()));
  EXPECT_EQ(sum(x, {0, 2, 3}, true).shape(), (Shape{1, 5, 1, 1}));
}

TEST_P(Reduce, EverythingAndNothing) {
  const Tensor x = randn({7, 1000}, dtype(), 1);
  EXPECT_CLOSE(sum(x).to_vector<double>(), Line{sum_of(x.to_vector<double>())}, tolerance(dtype()));
  EXPECT_EQ(sum(x).shape(), Shape{});
  EXPECT_EQ(sum(empty({0, 3}, {.dtype = dtype()}), {0}).to_vector<double>(), (Line{0, 0, 0}));
  EXPECT_TRUE(std::isnan(mean(empty({0}, {.dtype = dtype()})).item()));
}

TEST_P(Reduce, ResultDoesNotDependOnThreads) {
  const int before = omp_get_max_threads();
  const Tensor x = randn({6, 50000}, dtype(), 1);
  const auto results = [&](int threads) {
    omp_set_num_threads(threads);
    Line all = sum(x).to_vector<double>();
    for (const int dim : {0, 1}) {
      const Line more = sum(x, {dim}).to_vector<double>();
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  };
  const Line one = results(1), many = results(7);
  omp_set_num_threads(before);
  EXPECT_EQ(one, many);
}

TEST_P(Reduce, NaNIsLargestAndSmallest) {
  Tensor x = randn({40}, dtype(), 1);
  copy_into(full({1}, std::nan(""), {.dtype = dtype()}), narrow(x, 0, 21, 1));
  EXPECT_TRUE(std::isnan(max(x).item()));
  EXPECT_TRUE(std::isnan(min(x).item()));
  EXPECT_EQ(argmax(x, 0).item(), 21);
}

TEST(Argmax, OfNothingIsNothing) {
  EXPECT_EQ(argmax(empty({0, 0}), 1).shape(), Shape{0});
  EXPECT_EQ(argmax(empty({0, 3}), 1).shape(), Shape{0});
}

class ReduceGradient : public OpTest {};
SMTRAIN_OP_TEST(ReduceGradient, {DType::f64});

TEST_P(ReduceGradient, AgreesWithCentralDifferences) {
  check_gradient([](const Tensor& x) { return sum(x, {0, 2}); }, {2, 3, 4});
  check_gradient([](const Tensor& x) { return mean(x, {1}, true); }, {2, 3, 4});
  check_gradient([](const Tensor& x) { return mean(x); }, {5});
  check_gradient([](const Tensor& x) { return max(x, {1}); }, {2, 3, 4});
  check_gradient([](const Tensor& x) { return min(x); }, {2, 3});
  check_gradient([](const Tensor& x) { return variance(x, {0, -1}); }, {2, 3, 4});
  check_gradient([](const Tensor& x) { return sum_to(x, {3, 1}); }, {2, 3, 4});
}

TEST_P(ReduceGradient, OfMaximumIsSharedAmongEquals) {
  Tensor x = from_vector<double>({1, 5, 5, 0}, {4});
  x.set_requires_grad(true);
  max(x).backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (Line{0, 0.5, 0.5, 0}));
}

class IntegerReduce : public OpTest {};
SMTRAIN_OP_TEST(IntegerReduce, kIntegerDTypes);

TEST_P(IntegerReduce, IsExact) {
  for (const OpCase& c : cases(kShapes)) {
    SCOPED_TRACE(testing::Message() << c);
    const Tensor x = whole_numbers(c.shape, dtype(), static_cast<int64_t>(c.seed));
    const auto expect = [&](const Tensor& y, double (*f)(const Line&)) {
      EXPECT_EQ(y.to_vector<double>(), reference::reduce_middle(f, x));
    };
    expect(sum(x, {1}), sum_of);
    expect(max(x, {1}), max_of);
    expect(min(x, {1}), min_of);
    expect(argmax(x, 1), argmax_of);
  }
}

TEST(SumOfIntegers, IsI64) {
  const Tensor bytes = full({2, 300}, 255, {.dtype = DType::u8});
  EXPECT_EQ(sum(bytes).dtype(), DType::i64);
  EXPECT_EQ(sum(bytes, {1}).to_vector<int64_t>(), (std::vector<int64_t>{76500, 76500}));
  EXPECT_EQ(sum(ones({5}, {.dtype = DType::boolean})).item(), 5);
}

TEST(ReduceErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(sum(ones({2, 3}), {2}),
                    "sum: dim 2 is out of range for shape [2, 3] (expected -2 to 1)");
  EXPECT_THROW_WITH(sum(ones({2, 3}), {1, -1}), "sum: dim 1 is named twice for shape [2, 3]");
  EXPECT_THROW_WITH(max(ones({2, 0}), {1}), "max: nothing to choose from in shape [2, 0]");
  EXPECT_THROW_WITH(argmax(ones({2, 0}), 1), "argmax: nothing to choose from in shape [2, 0]");
  EXPECT_THROW_WITH(mean(ones({2}, {.dtype = DType::i64})),
                    "mean: expected a floating dtype, got i64");
  EXPECT_THROW_WITH(sum_to(ones({2, 3}), {2}), "sum_to: shapes [2, 3] and [2] do not broadcast");
  EXPECT_THROW_WITH(sum_to(ones({1, 3}), {2, 3}), "sum_to: [2, 3] does not broadcast to [1, 3]");
}

}  // namespace
}  // namespace smtrain::test
