// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/layers/fuse.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/residual.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

struct Case {
  const char* name;
  std::function<std::shared_ptr<Sequential>()> make;
  Shape input;
  size_t steps;  // after fusion
};

const Shape kImages = {3, 4, 9, 11};
const Shape kRows = {5, 12};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      // What fuses, with every option of the layers.
      {"conv_relu_pool",
       [] {
         return sequential({conv2d(4, 6, 3), relu(), max_pool2d(2)});
       },
       kImages, 1},
      {"without_bias",
       [] {
         return sequential({conv2d(4, 6, 3, {}, false), relu(), max_pool2d(2)});
       },
       kImages, 1},
      {"conv_options",
       [] {
         const Conv2dOptions options = {
             .stride = {2, 1}, .padding = {1, 0, 2, 1}, .dilation = 2, .groups = 2};
         return sequential({conv2d(4, 6, 2, options), relu(), max_pool2d(2)});
       },
       kImages, 1},
      {"pool_padding",
       [] {
         return sequential(
             {conv2d(4, 6, 3), relu(), max_pool2d({.kernel_size = 3, .stride = 2, .padding = 1})});
       },
       kImages, 1},
      {"pool_ceil_mode",
       [] {
         return sequential(
             {conv2d(4, 6, 3), relu(), max_pool2d({.kernel_size = 2, .ceil_mode = true})});
       },
       kImages, 1},
      {"overlapping_dilated_pool",
       [] {
         return sequential({conv2d(4, 6, 3), relu(),
                            max_pool2d({.kernel_size = {2, 3}, .stride = 1, .dilation = 2})});
       },
       kImages, 2},  // not the pooling: a dilated window may hold no input
      {"conv_relu",
       [] {
         return sequential({conv2d(4, 6, 3, {.padding = 1}), relu()});
       },
       kImages, 1},
      {"linear_relu",
       [] {
         return sequential({linear(12, 7), relu()});
       },
       kRows, 1},
      {"linear_without_bias",
       [] {
         return sequential({linear(12, 7, false), relu()});
       },
       kRows, 1},
      {"batch_norm_relu",
       [] {
         return sequential({conv2d(4, 6, 3, {}, false), batch_norm2d(6), relu(), max_pool2d(2)});
       },
       kImages, 3},
      {"residual_relu",
       [] {
         return sequential({std::make_shared<Residual>(
                                sequential({conv2d(4, 4, 3, {.padding = 1}, false), batch_norm2d(4),
                                            relu(), conv2d(4, 4, 1, {}, false), batch_norm2d(4)})),
                            relu()});
       },
       kImages, 1},
      {"residual_without_a_batch_norm_relu",
       [] {
         return sequential({std::make_shared<Residual>(conv2d(4, 4, 3, {.padding = 1})), relu()});
       },
       kImages, 1},
      {"one_after_the_other",
       [] {
         return sequential({conv2d(4, 6, 3), relu(), conv2d(6, 5, 3), relu(), max_pool2d(2),
                            flatten(), linear(30, 8), relu(), linear(8, 3)});
       },
       kImages, 5},
      // What almost does.
      {"no_relu",
       [] {
         return sequential({conv2d(4, 6, 3), max_pool2d(2)});
       },
       kImages, 2},
      {"relu_first",
       [] {
         return sequential({relu(), conv2d(4, 6, 3), max_pool2d(2)});
       },
       kImages, 3},
      {"pool_before_relu",
       [] {
         return sequential({conv2d(4, 6, 3), max_pool2d(2), relu()});
       },
       kImages, 3},
      {"average_pool",
       [] {
         return sequential({conv2d(4, 6, 3), relu(), avg_pool2d({.kernel_size = 2})});
       },
       kImages, 2},
      {"relu_in_a_sequential",
       [] {
         return sequential({conv2d(4, 6, 3), sequential({relu()}), max_pool2d(2)});
       },
       kImages, 3},
      {"two_relus",
       [] {
         return sequential({linear(12, 7), relu(), relu()});
       },
       kRows, 2},
      {"linear_alone",
       [] {
         return sequential({linear(12, 7), linear(7, 2)});
       },
       kRows, 2},
      {"relu_before_linear",
       [] {
         return sequential({relu(), linear(12, 7)});
       },
       kRows, 2},
      {"largest_window",
       [] {
         return sequential({conv2d(1, 2, 1), relu(), max_pool2d(Size2d(15, 17))});
       },
       {2, 1, 16, 18},
       1},
      {"too_large_a_window",
       [] {
         return sequential({conv2d(1, 2, 1), relu(), max_pool2d(16)});
       },
       {2, 1, 16, 18},
       2},
  };
  return all;
}

// A model's result and the gradients of its input and parameters.
std::vector<std::vector<double>> run(Sequential& model, const Tensor& input, bool fused) {
  const Tensor x = input.detach();
  Tensor(x).set_requires_grad(true);
  Tensor y = x;
  if (fused) {
    y = model(x);
  } else {
    for (const auto& [name, layer] : model.children()) y = (*layer)(y);
  }
  std::vector<std::vector<double>> result = {y.to_vector<double>()};
  backward(y, test::randn(y.shape(), y.dtype(), 7));
  result.push_back(x.grad().to_vector<double>());
  for (const auto& [name, parameter] : model.named_parameters()) {
    result.push_back(parameter.grad().to_vector<double>());
    parameter.graph_node()->written = false;
  }
  return result;
}

class Fuse : public testing::TestWithParam<std::tuple<size_t, DType>> {
 protected:
  const Case& test_case() const { return cases()[std::get<0>(GetParam())]; }
  DType dtype() const { return std::get<1>(GetParam()); }
};

TEST_P(Fuse, IsTheSameAsLayerByLayer) {
  Context context({.threads = 1, .seed = 3});
  const ContextGuard guard(context);
  const std::shared_ptr<Sequential> model = test_case().make();
  model->to(dtype());
  EXPECT_EQ(fuse(model->children()).size(), test_case().steps);
  const Tensor x = test::randn(test_case().input, dtype(), 1);
  const auto expected = run(*model, x, /*fused=*/false);
  const auto actual = run(*model, x, /*fused=*/true);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_CLOSE(actual[i], expected[i], test::tolerance(dtype())) << "tensor " << i;
  }
}

std::vector<size_t> indices() {
  std::vector<size_t> all;
  for (size_t i = 0; i < cases().size(); ++i) all.push_back(i);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Patterns, Fuse,
                         testing::Combine(testing::ValuesIn(indices()),
                                          testing::Values(DType::f32, DType::f64)),
                         [](const auto& test) {
                           return std::string(cases()[std::get<0>(test.param)].name) + "_" +
                                  name_of(std::get<1>(test.param));
                         });

// A layer is recognised by its type, so nobody may give that type another forward().
static_assert(std::is_final_v<Conv2d> && std::is_final_v<Linear> && std::is_final_v<ReLU> &&
              std::is_final_v<MaxPool2d>);

TEST(FuseNothing, OfNoLayersIsNoStep) {
  EXPECT_TRUE(fuse({}).empty());
  const Tensor x = ones({2});
  EXPECT_EQ(sequential({})->forward(x).data(), x.data());
}

}  // namespace
}  // namespace smtrain::nn
