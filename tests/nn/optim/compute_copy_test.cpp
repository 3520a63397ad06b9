// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/compute_copy.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adagrad.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/rmsprop.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// Optimizers in the precision bf16: each step brings the compute copy up to the parameters.

namespace smtrain::optim {
namespace {

using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;

struct Variant {
  std::string name;
  Make make;
};

template <typename O, typename Options>
Variant variant(const std::string& name, Options options) {
  return {name, [options](std::vector<Tensor> parameters) {
            return std::make_unique<O>(std::move(parameters), options);
          }};
}

std::vector<Variant> variants() {
  return {variant<SGD>("sgd", SgdOptions{.lr = 0.1}),
          variant<SGD>("sgd_momentum", SgdOptions{.lr = 0.1, .momentum = 0.9}),
          variant<Adam>("adam", AdamOptions{.lr = 0.01}),
          variant<Adam>("adam_amsgrad", AdamOptions{.lr = 0.01, .amsgrad = true}),
          variant<AdamW>("adamw", AdamWOptions{.lr = 0.01}),
          variant<KerasAdam>("keras_adam", KerasAdamOptions{.lr = 0.01}),
          variant<Adagrad>("adagrad", AdagradOptions{.lr = 0.1}),
          variant<Adadelta>("adadelta", AdadeltaOptions{}),
          variant<RMSprop>("rmsprop", RmspropOptions{.lr = 0.01, .momentum = 0.9}),
          variant<TensorflowRMSprop>("tensorflow_rmsprop",
                                     TensorflowRmspropOptions{.lr = 0.01, .centered = true})};
}

class ComputeCopies : public testing::TestWithParam<Variant> {};

void give_gradient(const Tensor& parameter, uint64_t seed) {
  backward(record("given", parameter.detach(), {parameter},
                  [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); }),
           test::randn(parameter.shape(), DType::f32, seed));
}

TEST_P(ComputeCopies, FollowEveryStep) {
  for (const Device device : test::test_devices()) {
    SCOPED_TRACE(device);
    Context context({.device = device, .precision = Precision::bf16});
    const ContextGuard guard(context);
    // More than one stretch of the flat buffers, and a slice that begins in the middle of one.
    const Tensor large = test::randn({10007}, DType::f32, 1).set_requires_grad(true);
    const Tensor small = test::randn({33}, DType::f32, 2).set_requires_grad(true);
    const auto optimizer = GetParam().make({large, small});
    const auto expect_follow = [&](const Tensor& parameter) {
      EXPECT_EQ(compute_copy(parameter).to_vector<float>(),
                to(parameter, DType::bf16).to_vector<float>());
    };
    for (uint64_t step = 0; step < 3; ++step) {
      const std::vector<float> before = compute_copy(large).to_vector<float>();
      optimizer->zero_grad();
      give_gradient(large, 10 + step);
      if (step != 1) give_gradient(small, 20 + step);
      optimizer->step();
      EXPECT_NE(compute_copy(large).to_vector<float>(), before);
      expect_follow(large);
      expect_follow(small);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, ComputeCopies, testing::ValuesIn(variants()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace smtrain::optim
