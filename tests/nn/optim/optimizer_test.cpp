// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/optim/optimizer.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/call.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/optim/adadelta.h"
#include "smtrain/nn/optim/adagrad.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/rmsprop.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>

namespace smtrain::optim {
namespace {

using testing::ElementsAre;
using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;

template <typename O, typename Options>
Make make(Options options) {
  return [options](std::vector<Tensor> parameters) {
    return std::make_unique<O>(std::move(parameters), options);
  };
}

/// Runs f once with each test device current.
void on_each_device(const std::function<void()>& f) {
  for (const Device device : test::test_devices()) {
    SCOPED_TRACE(device);
    Context context({.device = device});
    const ContextGuard guard(context);
    f();
  }
}

// The variants of tests/goldens/train/optim.json.
const std::map<std::string, Make>& golden_variants() {
  static const std::map<std::string, Make> variants = {
      {"sgd", make<SGD>(SgdOptions{.lr = 0.1})},
      {"sgd_m", make<SGD>(SgdOptions{.lr = 0.1, .momentum = 0.9})},
      {"sgd_m_nesterov_wd",
       make<SGD>(SgdOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01})},
      {"sgd_m_damp_wd",
       make<SGD>(SgdOptions{.lr = 0.05, .momentum = 0.8, .dampening = 0.1, .weight_decay = 0.1})},
      {"adam", make<Adam>(AdamOptions{.lr = 0.01})},
      {"adam_wd", make<Adam>(AdamOptions{.lr = 0.01, .weight_decay = 0.1})},
      {"adam_amsgrad", make<Adam>(AdamOptions{.lr = 0.01, .amsgrad = true})},
      {"adamw", make<AdamW>(AdamWOptions{.lr = 0.01, .weight_decay = 0.1})},
      {"adadelta", make<Adadelta>(AdadeltaOptions{})},
      {"adadelta_wd",
       make<Adadelta>(AdadeltaOptions{.lr = 0.5, .rho = 0.95, .eps = 1e-8, .weight_decay = 0.1})},
      {"adagrad", make<Adagrad>(AdagradOptions{.lr = 0.1})},
      {"rmsprop", make<RMSprop>(RmspropOptions{.lr = 0.01})},
      {"rmsprop_m_centered",
       make<RMSprop>(RmspropOptions{.lr = 0.01, .momentum = 0.9, .centered = true})},
  };
  return variants;
}

void set_gradient(const Tensor& parameter, const Tensor& gradient) {
  backward(record("given", parameter.detach(), {parameter},
                  [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); }),
           gradient);
}

// A trajectory of ten steps with prescribed gradients, in f32 or f64.
std::vector<std::vector<double>> trajectory(const Make& make, DType dtype) {
  const auto goldens = read_npz(test::golden("train/optim.npz"));
  const auto as_tensor = [&](std::span<const float> values) {
    Tensor t = empty({static_cast<int64_t>(values.size())}, {.dtype = dtype});
    copy_into(from_host(values.data(), t.shape(), DType::f32), t);
    return t;
  };
  Tensor p = as_tensor(goldens.at("p0").values<float>());
  p.set_requires_grad(true);
  const auto optimizer = make({p});
  const auto gradients = goldens.at("grads").values<float>();
  std::vector<std::vector<double>> rows;
  for (size_t t = 0; t < 10; ++t) {
    optimizer->zero_grad();
    set_gradient(p, as_tensor(gradients.subspan(t * 12, 12)));
    optimizer->step();
    rows.push_back(p.to_vector<double>());
  }
  return rows;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, TrajectoryIsPyTorchs) {
  const auto goldens = read_npz(test::golden("train/optim.npz"));
  // The goldens are stored in f32. f64 results differ by that rounding alone; f32 steps also round
  // on the way, a few units in the last place over ten steps.
  on_each_device([&] {
    for (const auto& [dtype, tolerance] : {std::pair{DType::f64, 1e-7}, {DType::f32, 1e-6}}) {
      SCOPED_TRACE(name_of(dtype));
      const auto rows = trajectory(golden_variants().at(GetParam()), dtype);
      const Array& expected = goldens.at(GetParam() + "/" + name_of(dtype));
      for (size_t t = 0; t < 10; ++t) {
        for (size_t i = 0; i < 12; ++i) {
          const double value = expected.values<float>()[t * 12 + i];
          EXPECT_NEAR(rows[t][i], value, tolerance * std::max(1.0, std::abs(value)))
              << "step " << t + 1 << ", element " << i;
        }
      }
    }
  });
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& [name, variant] : golden_variants()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Golden, testing::ValuesIn(golden_names()),
                         [](const auto& test) { return test.param; });

// The forms that PyTorch does not have, against their formulas in double.
TEST(KerasAdam, FollowsKerasFormula) {
  const KerasAdamOptions o{.lr = 0.1, .eps = 0.01};
  const auto rows = trajectory(make<KerasAdam>(o), DType::f64);
  const auto goldens = read_npz(test::golden("train/optim.npz"));
  double p = goldens.at("p0").values<float>()[3], m = 0, v = 0;
  for (size_t t = 0; t < 10; ++t) {
    const double g = goldens.at("grads").values<float>()[t * 12 + 3];
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double n = double(t) + 1;
    p -= o.lr * std::sqrt(1 - std::pow(0.999, n)) / (1 - std::pow(0.9, n)) * m /
         (std::sqrt(v) + o.eps);
    EXPECT_NEAR(rows[t][3], p, 1e-12) << "step " << n;
  }
}

TEST(TensorflowRmsprop, FollowsTensorflowsFormula) {
  const TensorflowRmspropOptions o{
      .lr = 0.1, .alpha = 0.9, .eps = 0.01, .momentum = 0.5, .centered = true};
  const auto rows = trajectory(make<TensorflowRMSprop>(o), DType::f64);
  const auto goldens = read_npz(test::golden("train/optim.npz"));
  double p = goldens.at("p0").values<float>()[3], square = 1, average = 0, buffer = 0;
  for (size_t t = 0; t < 10; ++t) {
    const double g = goldens.at("grads").values<float>()[t * 12 + 3];
    square = 0.9 * square + 0.1 * g * g;
    average = 0.9 * average + 0.1 * g;
    buffer = 0.5 * buffer + o.lr * g / std::sqrt(square - average * average + o.eps);
    p -= buffer;
    EXPECT_NEAR(rows[t][3], p, 1e-12) << "step " << t + 1;
  }
}

// Parameters of several sizes, so that slices, padding and several threads' shares all occur.
std::vector<Tensor> parameters_of_sizes(std::initializer_list<int64_t> sizes) {
  std::vector<Tensor> parameters;
  for (const int64_t size : sizes) {
    std::vector<float> values(static_cast<size_t>(size));
    std::iota(values.begin(), values.end(), float(parameters.size()));
    parameters.push_back(from_vector(values, {size}).set_requires_grad(true));
  }
  return parameters;
}

TEST(Optimizer, UpdatesEverySliceOfTheArena) {
  on_each_device([] {
    const std::vector<Tensor> parameters = parameters_of_sizes({1, 63, 64, 65, 40000});
    SGD sgd(parameters, {.lr = 0.5});
    for (const Tensor& p : parameters) set_gradient(p, full(p.shape(), 2));
    sgd.step();
    for (size_t k = 0; k < parameters.size(); ++k) {
      const std::vector<float> values = parameters[k].to_vector<float>();
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(values[i], float(k + i) - 1) << k << " " << i;
    }
  });
}

TEST(Optimizer, LeavesParametersWithoutAGradientAlone) {
  on_each_device([] {
    const std::vector<Tensor> parameters = parameters_of_sizes({2, 2});
    Adam adam(parameters, {.lr = 0.1, .weight_decay = 0.5});
    set_gradient(parameters[0], ones({2}));
    adam.step();
    EXPECT_THAT(parameters[1].to_vector<float>(), ElementsAre(1, 2));
    EXPECT_NE(parameters[0].to_vector<float>()[0], 0);
    // Its first own step comes later, with the bias correction of a first step.
    adam.zero_grad();
    set_gradient(parameters[1], ones({2}));
    adam.step();
    EXPECT_THAT(adam.arena().steps_of(0).to_vector<int64_t>(), ElementsAre(1));
    EXPECT_THAT(adam.arena().steps_of(1).to_vector<int64_t>(), ElementsAre(1));
  });
}

TEST(Optimizer, GradientsAreWrittenInTheArena) {
  on_each_device([] {
    const std::vector<Tensor> parameters = parameters_of_sizes({3});
    SGD sgd(parameters, {});
    set_gradient(parameters[0], full({3}, 7));
    EXPECT_EQ(parameters[0].grad().data(), sgd.arena().gradients().data());
    EXPECT_EQ(parameters[0].data(), sgd.arena().values().data());
  });
}

TEST(Optimizer, AStepThatFindsTheSkipFlagChangesNothing) {
  on_each_device([] {
    const std::vector<Tensor> parameters = parameters_of_sizes({2});
    SGD sgd(parameters, {.lr = 1, .momentum = 0.9});
    set_gradient(parameters[0], ones({2}));
    Tensor loss = full({1}, std::numeric_limits<double>::quiet_NaN());
    call(loss.device(), &KernelTable::check_finite,
         CheckFiniteArgs{.count = 1,
                         .dtype = loss.dtype(),
                         .x = loss.data(),
                         .flag = sgd.arena().skip_flag().data<int32_t>()});
    sgd.step();
    EXPECT_THAT(parameters[0].to_vector<float>(), ElementsAre(0, 1));
    EXPECT_THAT(sgd.arena().state_of(0, 0).to_vector<float>(), ElementsAre(0, 0));
    EXPECT_THAT(sgd.arena().steps_of(0).to_vector<int64_t>(), ElementsAre(0));
  });
}

class CheckFinite : public test::OpTest {};
SMTRAIN_OP_TEST(CheckFinite, test::kFloatingDTypes);

TEST_P(CheckFinite, FindsOneBadValueAnywhere) {
  for (const int64_t size : {1, 15, 16, 17, 33, 20000}) {
    for (const double bad : {double(INFINITY), -double(INFINITY), double(NAN)}) {
      for (const int64_t place : {int64_t{0}, size / 2, size - 1}) {
        const Tensor x = full({size}, 60000, {.dtype = dtype()});  // a large one for f16
        const Tensor flag = zeros({1}, {.dtype = DType::i32});
        const auto run = [&] {
          call(x.device(), &KernelTable::check_finite,
               CheckFiniteArgs{
                   .count = size, .dtype = dtype(), .x = x.data(), .flag = flag.data<int32_t>()});
          return flag.item();
        };
        EXPECT_EQ(run(), 0);
        copy_into(full({1}, bad, {.dtype = dtype()}), narrow(x, 0, place, 1));
        EXPECT_EQ(run(), 1) << size << " " << place << " " << bad;
      }
    }
  }
}

TEST(OptimizerErrors, NameWhatWasWrong) {
  const auto message = [](const std::function<void()>& run) -> std::string {
    try {
      run();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const Tensor p = ones({2, 3}).set_requires_grad(true);
  EXPECT_EQ(message([&] { SGD({}, {}); }), "optimizer: no parameters");
  EXPECT_EQ(message([&] {
              SGD({p, p}, {});
            }),
            "optimizer: a parameter of shape [2, 3] occurs twice");
  EXPECT_EQ(
      message([&] { SGD({ones({2})}, {}); }),
      "optimizer: expected parameters that require a gradient, got one of shape [2] that does not");
  EXPECT_EQ(message([&] {
              SGD({p, ones({1}, {.dtype = DType::f64}).set_requires_grad(true)}, {});
            }),
            "optimizer: parameters must share dtype and device, got f32 on cpu and f64 on cpu");
  EXPECT_EQ(message([&] { SGD({p}, {.lr = -1}); }),
            "SGD: lr, momentum, dampening and weight_decay must not be negative, got -1, 0, 0, 0");
  EXPECT_EQ(message([&] { SGD({p}, {.momentum = 0.9, .dampening = -1}); }),
            "SGD: lr, momentum, dampening and weight_decay must not be negative, got 0.001, 0.9, "
            "-1, 0");
  EXPECT_EQ(message([&] { SGD({p}, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}); }),
            "SGD: nesterov needs momentum and no dampening, got 0.9 and 0.1");
  EXPECT_EQ(message([&] {
              Adam({p}, {.betas = {1, 0.999}});
            }),
            "Adam: betas must lie in [0, 1), got 1 and 0.999");
}

}  // namespace
}  // namespace smtrain::optim
