// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/compute_copy.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/engine/test_devices.h"
#include "smtrain/tests/golden_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

// Whole models that train on a GPU, or on its kernels executed on the CPU.

namespace smtrain::nn {
namespace {

using Tensors = std::vector<Tensor>;

/// A model for pictures of one size, and how it is trained.
struct Recipe {
  std::function<ModulePtr()> model;
  Shape picture;
  int64_t classes;
  Tensor (*loss)(const Tensor& output, const Tensor& target);
  Precision precision = Precision::f32;
};

Tensor nll(const Tensor& output, const Tensor& target) { return nll_loss(output, target); }
Tensor entropy(const Tensor& output, const Tensor& target) {
  return cross_entropy(to_full_precision(output), target);
}

Recipe net() {
  const int64_t size = test::test_devices_are_emulated() ? 36 : 96;
  return {[=] { return std::make_shared<Net>(NetOptions{.image_size = size, .dropout = 0.2}); },
          {3, size, size},
          3,
          nll};
}

Recipe mnist_cnn() {
  const int64_t size = test::test_devices_are_emulated() ? 12 : 28;
  return {[=] { return std::make_shared<MnistCnn>(MnistCnnOptions{.image_size = size}); },
          {1, size, size},
          10,
          nll};
}

/// Of every other layer that trains.
Recipe layers() {
  return {[] {
            return sequential({conv2d(2, 4, 3), batch_norm2d(4), relu(), conv2d(4, 8, 3), relu(),
                               max_pool2d(2), dropout2d(0.25), flatten(), linear(8 * 3 * 3, 16),
                               relu(), dropout(0.5), linear(16, 5)});
          },
          {2, 10, 10},
          5,
          entropy};
}

/// Every loss, then every value of the model, of some steps on a device; the last batch of each
/// epoch is short.
std::vector<double> train(const Recipe& recipe, Device device, bool capture) {
  Context context({.device = device,
                   .threads = 1,
                   .seed = 5,
                   .rng = RngKind::philox,
                   .precision = recipe.precision});
  const ContextGuard guard(context);
  const ModulePtr model = recipe.model();
  model->to(device);
  optim::SGD sgd(model->parameters(), {.lr = 0.05, .momentum = 0.9});
  CapturedStep step(
      [&](std::span<const Tensor> in) {
        const Tensor loss = recipe.loss((*model)(in[0]), in[1]);
        sgd.zero_grad();
        loss.backward();
        sgd.step();
        return Tensors{loss.detach()};
      },
      capture);
  std::vector<double> result;
  for (int epoch = 0; epoch < 5; ++epoch) {
    test::GoldenStream stream(3);
    for (const int64_t size : {4, 4, 3}) {
      Shape shape = {size};
      for (const int64_t side : recipe.picture) shape.push_back(side);
      const Tensors batch = {stream.sym(shape, DType::f32), stream.label(size, recipe.classes)};
      result.push_back(step(batch)[0].item());
    }
  }
  for (const Tensor& parameter : model->parameters()) {
    const Tensor copy = compute_copy(parameter);
    EXPECT_EQ(copy.to_vector<float>(), to(parameter, copy.dtype()).to_vector<float>());
  }
  for (const auto& [name, tensor] : model->state_dict()) {
    EXPECT_EQ(tensor.dtype(), name.ends_with("num_batches_tracked") ? DType::i64 : DType::f32);
    const std::vector<double> values = tensor.to_vector<double>();
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

class DeviceTraining : public testing::TestWithParam<const char*> {
 protected:
  static Recipe recipe() {
    const std::string name = GetParam();
    Recipe recipe = name.starts_with("net")         ? net()
                    : name.starts_with("mnist_cnn") ? mnist_cnn()
                                                    : layers();
    if (name.ends_with("bf16")) recipe.precision = Precision::bf16;
    return recipe;
  }

  static double epoch_loss(const std::vector<double>& trained, size_t epoch) {
    const size_t first = 3 * epoch;
    return trained[first] + trained[first + 1] + trained[first + 2];
  }

  const std::vector<Device> devices_ = test::test_devices();
};

class DeviceBf16Training : public DeviceTraining {};

TEST_P(DeviceTraining, GivesWhatTheCpuGives) {
  const std::vector<double> cpu = train(recipe(), Device::cpu(), true);
  const std::vector<double> there = train(recipe(), devices_[0], true);
  ASSERT_EQ(there.size(), cpu.size());
  // Sums in another order differ by some 1e-6 of their size, which 15 steps let grow; in bf16 such
  // a difference can round to the next of 256 values, 4e-3 away.
  const double allowed = recipe().precision == Precision::bf16 ? 5e-2 : 1e-3;
  for (size_t i = 0; i < cpu.size(); ++i)
    ASSERT_NEAR(there[i], cpu[i], allowed * std::max(0.1, std::abs(cpu[i]))) << "number " << i;
  EXPECT_LT(epoch_loss(there, 4), epoch_loss(there, 0));  // the model learns
}

TEST_P(DeviceTraining, HasTheSameBitsEachTimeCapturedOrNot) {
  const std::vector<double> first = train(recipe(), devices_[0], true);
  EXPECT_EQ(train(recipe(), devices_[0], false), first);
  for (const Device device : devices_) EXPECT_EQ(train(recipe(), device, true), first);
  const int repeats = test::test_devices_are_emulated() ? 0 : 100;
  for (int i = 0; i < repeats; ++i)
    ASSERT_EQ(train(recipe(), devices_[0], true), first) << "repeat " << i;
}

// Rounding to 8 bits moves a loss by some 1e-3 at first and lets it part slowly from there.
TEST_P(DeviceBf16Training, LosesWhatItLosesInF32) {
  Recipe exact = recipe();
  exact.precision = Precision::f32;
  const std::vector<double> bf16 = train(recipe(), Device::cpu(), true);
  const std::vector<double> f32 = train(exact, Device::cpu(), true);
  EXPECT_NE(bf16, f32);
  for (size_t step = 0; step < 15; ++step) EXPECT_NEAR(bf16[step], f32[step], 0.1 * f32[step]);
}

INSTANTIATE_TEST_SUITE_P(Models, DeviceBf16Training,
                         testing::Values("net_bf16", "mnist_cnn_bf16", "layers_bf16"),
                         [](const auto& test) { return std::string(test.param); });
INSTANTIATE_TEST_SUITE_P(Models, DeviceTraining,
                         testing::Values("net", "mnist_cnn", "layers", "net_bf16", "mnist_cnn_bf16",
                                         "layers_bf16"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace smtrain::nn
