// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/conv2d_relu_pool.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"

#include <cmath>
#include <limits>

namespace smtrain::test {
namespace {

class Conv2dReluPool : public OpTest {};
SMTRAIN_OP_TEST(Conv2dReluPool, kFloatingDTypes);

struct Case {
  Shape x, weight;
  Conv2dOptions conv;
  MaxPool2dOptions pool;
};

const std::vector<Case> kCases = {
    {{4, 3, 20, 20}, {6, 3, 7, 7}, {}, {.kernel_size = 2}},
    {{3, 6, 11, 9}, {16, 6, 3, 3}, {.padding = 1}, {.kernel_size = 3, .stride = 2, .padding = 1}},
    {{0, 3, 6, 6}, {4, 3, 3, 3}, {}, {.kernel_size = 2}},
};

// More output than stays in cache: several runs of images.
const Case kLarge = {{6, 2, 98, 98}, {32, 2, 3, 3}, {}, {.kernel_size = 2}};

Tensor fused(const Case& c, const std::vector<Tensor>& in) {
  return conv2d_relu_pool(in[0], in[1], in[2], c.conv, c.pool);
}
Tensor composed(const Case& c, const std::vector<Tensor>& in) {
  return max_pool2d(conv2d_relu(in[0], in[1], in[2], c.conv), c.pool);
}

void expect_same_as_composition(const Case& c, DType dtype) {
  SCOPED_TRACE(testing::Message() << c.x << " with " << c.weight);
  const std::vector<Tensor> in = {randn(c.x, dtype, 1), randn(c.weight, dtype, 2),
                                  randn({c.weight[0]}, dtype, 3)};
  const auto actual = result_and_gradients([&](const auto& t) { return fused(c, t); }, in);
  const auto expected = result_and_gradients([&](const auto& t) { return composed(c, t); }, in);
  EXPECT_TRUE(actual[0].is_contiguous(MemoryFormat::channels_last));
  // Some images at a time: for fewer of them oneDNN may choose a kernel that adds in another order.
  EXPECT_CLOSE(actual[0], expected[0], tolerance(dtype));
  for (size_t i = 1; i < expected.size(); ++i) {
    EXPECT_CLOSE(actual[i], expected[i], tolerance(dtype));
  }
}

TEST_P(Conv2dReluPool, IsItsCompositionInOnePass) {
  for (const Case& c : kCases) expect_same_as_composition(c, dtype());
}

TEST_P(Conv2dReluPool, WorksOnSomeImagesAtATime) { expect_same_as_composition(kLarge, dtype()); }

TEST_P(Conv2dReluPool, KeepsNaN) {
  const Tensor x = full({1, 2, 4, 4}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype()});
  const Tensor y = conv2d_relu_pool(x, randn({3, 2, 3, 3}, dtype(), 1), {}, {}, {.kernel_size = 2});
  for (const double value : y.to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

TEST(Conv2dReluPoolGradient, AgreesWithCentralDifferences) {
  check_gradients(
      [](const std::vector<Tensor>& in) {
        return conv2d_relu_pool(in[0], in[1], in[2], {.padding = 1}, {.kernel_size = 2});
      },
      std::vector<Shape>{{2, 3, 6, 6}, {4, 3, 3, 3}, {4}});
}

TEST(Conv2dReluPoolErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(
      conv2d_relu_pool(ones({1, 1, 40, 40}), ones({1, 1, 1, 1}), {}, {}, {.kernel_size = 17}),
      "conv2d_relu_pool: a pooling window holds at most 255 values, got 17x17");
  EXPECT_THROW_WITH(
      conv2d_relu_pool(ones({1, 2, 4, 4}), ones({1, 3, 1, 1}), {}, {}, {.kernel_size = 2}),
      "conv2d_relu_pool: weight expects 3 input channels but input has 2 (input [1, 2, 4, 4], "
      "weight "
      "[1, 3, 1, 1], groups 1)");
}

}  // namespace
}  // namespace smtrain::test
