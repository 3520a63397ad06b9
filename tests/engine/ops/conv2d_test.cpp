// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/conv2d.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"
#include "smtrain/tests/engine/ops/golden_ops.h"
#include "smtrain/tests/reference/conv2d.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace smtrain::test {
namespace {

class Conv2d : public OpTest {};
SMTRAIN_OP_TEST(Conv2d, kFloatingDTypes);

class Conv2dNarrow : public OpTest {};
SMTRAIN_OP_TEST(Conv2dNarrow, kNarrowDTypes);

class Conv2dBf16 : public OpTest {};
SMTRAIN_OP_TEST(Conv2dBf16, {DType::bf16});

class Conv2dGolden : public OpTest {};
SMTRAIN_OP_TEST(Conv2dGolden, {DType::f32, DType::f64});

struct Case {
  Shape x, weight;
  Conv2dOptions options;
};

const std::vector<Case> kCases = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
    {{2, 3, 9, 8}, {6, 3, 7, 7}, {}},                              // few channels, big kernel
    {{3, 6, 11, 7}, {16, 6, 3, 3}, {}},                            // channels below a vector
    {{2, 16, 9, 9}, {33, 16, 3, 3}, {.padding = 1}},               // a vector and one more
    {{2, 32, 6, 6}, {64, 32, 3, 3}, {.stride = 2, .padding = 1}},  // whole vectors
    {{2, 17, 5, 5}, {31, 17, 1, 1}, {.stride = 2}},                // 1x1
    {{1, 4, 9, 9}, {4, 4, 3, 3}, {.padding = 2, .dilation = 2}},   // dilated
    {{2, 8, 7, 7}, {8, 1, 3, 3}, {.stride = 2, .padding = 1, .groups = 8}},  // depthwise
    {{2, 6, 7, 7}, {4, 3, 3, 3}, {.padding = 1, .groups = 2}},               // odd groups
    {{2, 32, 5, 5}, {32, 16, 3, 3}, {.padding = 1, .groups = 2}},   // groups of whole vectors
    {{1, 2, 9, 9}, {2, 2, 4, 4}, {.padding = Padding2d::same(4)}},  // uneven padding
    {{1, 2, 12, 10}, {3, 2, 2, 3}, {.stride = {3, 2}, .padding = Size2d{0, 1}, .dilation = {2, 1}}},
    {{1, 1, 4, 4}, {1, 1, 3, 3}, {.stride = 3, .padding = 3}},  // windows in the padding alone
};

Tensor bias_for(const Case& c, DType dtype) { return randn({c.weight[0]}, dtype, 3); }

TEST_P(Conv2d, AgreesWithFloat64Reference) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.x << " with " << c.weight);
    const Tensor x = randn(c.x, dtype(), 1), w = randn(c.weight, dtype(), 2);
    const Tensor b = bias_for(c, dtype());
    const auto exact = [](const Tensor& t) { return to(t, DType::f64); };
    const Tensor y = conv2d(x, w, b, c.options);
    EXPECT_TRUE(y.is_contiguous(MemoryFormat::channels_last));
    EXPECT_CLOSE(y, reference::conv2d(exact(x), exact(w), exact(b), c.options), tolerance(dtype()));
    EXPECT_CLOSE(conv2d(x, w, {}, c.options), reference::conv2d(exact(x), exact(w), {}, c.options),
                 tolerance(dtype()));
  }
}

TEST_P(Conv2dNarrow, GradientsAgreeWithFloat64) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.x << " with " << c.weight);
    const auto f = [&](const std::vector<Tensor>& in) {
      return conv2d(in[0], in[1], in[2], c.options);
    };
    expect_agrees_with_float64(
        f, {randn(c.x, dtype(), 1), randn(c.weight, dtype(), 2), bias_for(c, dtype())},
        tolerance(dtype()));
  }
}

TEST_P(Conv2dBf16, ComputesWithCopiesOfF32Parameters) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.x << " with " << c.weight);
    const auto plain = [&](const std::vector<Tensor>& in) {
      return conv2d(in[0], in[1], in[2], c.options);
    };
    const auto with_relu = [&](const std::vector<Tensor>& in) {
      return conv2d_relu(in[0], in[1], in[2], c.options);
    };
    expect_layer_agrees_with_float64(plain, device(), c.x, c.weight);
    expect_layer_agrees_with_float64(with_relu, device(), c.x, c.weight);
  }
}

TEST_P(Conv2d, ReluIsTheSameAsOneAfterwardsAndKeepsNaN) {
  const Tensor x = randn({2, 5, 6, 6}, dtype(), 1), w = randn({20, 5, 3, 3}, dtype(), 2);
  std::vector<double> expected = conv2d(x, w).to_vector<double>();
  for (double& value : expected) value = std::max(value, 0.0);
  EXPECT_EQ(conv2d_relu(x, w).to_vector<double>(), expected);
  const Tensor nan =
      full({1, 5, 3, 3}, std::numeric_limits<double>::quiet_NaN(), {.dtype = dtype()});
  for (const double value : conv2d_relu(nan, w).to_vector<double>()) EXPECT_TRUE(std::isnan(value));
}

TEST_P(Conv2d, TakesAnyStrides) {
  const Tensor x = randn({2, 7, 6, 5}, dtype(), 1);  // [N, W, H, C]
  const Tensor w = randn({4, 5, 3, 3}, dtype(), 2, MemoryFormat::channels_last);
  const Tensor turned = permute(x, {0, 3, 2, 1});
  const auto f = [](const std::vector<Tensor>& in) { return conv2d(in[0], in[1]); };
  const auto strided = result_and_gradients(f, {turned, w});
  const auto dense = result_and_gradients(f, {contiguous(turned), contiguous(w)});
  for (size_t i = 0; i < dense.size(); ++i) EXPECT_CLOSE(strided[i], dense[i], 0);
}

TEST_P(Conv2d, AnEmptyBatchHasAResultAndZeroGradients) {
  const auto f = [](const std::vector<Tensor>& in) { return conv2d(in[0], in[1], in[2]); };
  const auto results = result_and_gradients(
      f,
      {randn({0, 3, 5, 5}, dtype(), 1), randn({4, 3, 3, 3}, dtype(), 2), randn({4}, dtype(), 3)});
  EXPECT_EQ(results[0].shape(), (Shape{0, 4, 3, 3}));
  EXPECT_CLOSE(results[2], zeros({4, 3, 3, 3}), 0);
  EXPECT_CLOSE(results[3], zeros({4}), 0);
}

TEST_P(Conv2d, RepeatsBitForBit) {
  const auto f = [](const std::vector<Tensor>& in) {
    return conv2d(in[0], in[1], in[2], {.padding = 1});
  };
  const std::vector<Tensor> in = {randn({4, 6, 20, 20}, dtype(), 1),
                                  randn({16, 6, 3, 3}, dtype(), 2), randn({16}, dtype(), 3)};
  const auto first = result_and_gradients(f, in), second = result_and_gradients(f, in);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].to_vector<double>(), second[i].to_vector<double>());
  }
}

Size2d size_of_json(const nlohmann::json& value) {
  return value.is_array() ? Size2d(value[0], value[1]) : Size2d(value.get<int64_t>());
}

TEST_P(Conv2dGolden, AgreesWithPyTorch) {
  const GoldenOps goldens("conv2d");
  EXPECT_EQ(goldens.cases().size(), 15u);
  for (const auto& golden : goldens.cases()) {
    SCOPED_TRACE(golden.dump());
    const auto load = [&](const char* name) { return goldens.tensor(golden, name, dtype()); };
    Tensor x = load("x"), w = load("w"), b = load("b");
    Conv2dOptions options;
    if (golden.contains("stride")) options.stride = size_of_json(golden["stride"]);
    if (golden.contains("dilation")) options.dilation = size_of_json(golden["dilation"]);
    if (golden.contains("groups")) options.groups = golden["groups"];
    if (golden.contains("padding")) {
      options.padding = golden["padding"] == "same"
                            ? Padding2d::same({w.size(2), w.size(3)}, options.dilation)
                            : Padding2d(size_of_json(golden["padding"]));
    }
    for (Tensor* leaf : {&x, &w, &b}) {
      if (leaf->defined()) leaf->set_requires_grad(true);
    }
    const Tensor y = conv2d(x, w, b, options);
    EXPECT_CLOSE(y, load("y"), golden_tolerance(dtype()));
    backward(y, load("gy"));
    EXPECT_CLOSE(x.grad(), load("gx"), golden_tolerance(dtype()));
    EXPECT_CLOSE(w.grad(), load("gw"), golden_tolerance(dtype()));
    if (b.defined()) {
      EXPECT_CLOSE(b.grad(), load("gb"), golden_tolerance(dtype()));
    }
  }
}

TEST(Conv2dGradient, AgreesWithCentralDifferences) {
  const std::vector<Case> cases = {
      {{2, 3, 5, 4}, {4, 3, 3, 2}, {.stride = {2, 1}, .padding = 1}},
      {{1, 4, 6, 6}, {6, 2, 3, 3}, {.padding = {1, 2, 0, 1}, .dilation = {1, 2}, .groups = 2}},
  };
  for (const Case& c : cases) {
    check_gradients(
        [&](const std::vector<Tensor>& in) { return conv2d(in[0], in[1], in[2], c.options); },
        std::vector<Shape>{c.x, c.weight, {c.weight[0]}});
    check_gradients(
        [&](const std::vector<Tensor>& in) { return conv2d_relu(in[0], in[1], {}, c.options); },
        std::vector<Shape>{c.x, c.weight});
  }
}

TEST(Conv2dErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(
      conv2d(ones({8, 3, 224, 224}), ones({128, 64, 3, 3})),
      "conv2d: weight expects 64 input channels but input has 3 (input [8, 3, 224, 224], "
      "weight [128, 64, 3, 3], groups 1)");
  EXPECT_THROW_WITH(
      conv2d(ones({1, 3, 4, 9}), ones({2, 3, 5, 5}), {}, {.padding = Size2d{0, 1}}),
      "conv2d: kernel reaches over 5 rows but padded input has 4 (input [1, 3, 4, 9], "
      "weight [2, 3, 5, 5], padding 0, dilation 1)");
  EXPECT_THROW_WITH(conv2d(ones({1, 4, 4, 4}), ones({3, 2, 1, 1}), {}, {.groups = 2}),
                    "conv2d: groups 2 must divide the 3 output channels (weight [3, 2, 1, 1])");
  EXPECT_THROW_WITH(conv2d_relu(ones({1, 4, 4, 4}), ones({3, 4, 1, 1}), ones({4})),
                    "conv2d_relu: bias expected of shape [3], got [4]");
  EXPECT_THROW_WITH(conv2d(ones({1, 4, 4, 4}), ones({3, 4, 1, 1}), {}, {.stride = 0}),
                    "conv2d: stride and dilation must be positive, got 0x0 and 1x1");
}

}  // namespace
}  // namespace smtrain::test
