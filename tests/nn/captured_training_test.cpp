// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/golden_stream.h"
#include "smtrain/tests/heap_allocations.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

// A captured training step of a whole model against the same step run eagerly.

namespace smtrain::nn {
namespace {

using Tensors = std::vector<Tensor>;

ModulePtr small_cnn() {
  return sequential({conv2d(2, 4, 3), batch_norm2d(4), relu(), conv2d(4, 8, 3), relu(),
                     max_pool2d(2), dropout2d(0.25), flatten(), linear(8 * 3 * 3, 16), relu(),
                     dropout(0.5), linear(16, 5)});
}

// A model, its optimizer and the step of a training job, in a context of their own.
struct Job {
  Context context;
  ContextGuard guard{context};
  ModulePtr model = small_cnn();
  std::unique_ptr<optim::SGD> sgd;

  Job(DType dtype, RngKind rng) : context({.threads = 1, .seed = 5, .rng = rng}) {
    model->to(dtype);
    sgd = std::make_unique<optim::SGD>(model->parameters(),
                                       optim::SgdOptions{.lr = 0.1, .momentum = 0.9});
  }

  Tensors step(std::span<const Tensor> in) {
    const Tensor loss = cross_entropy((*model)(in[0]), in[1]);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    return {loss.detach()};
  }
};

// Epochs of two full batches and a short one, the same in each.
std::vector<Tensors> batches(int epochs, DType dtype) {
  std::vector<Tensors> all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    test::GoldenStream stream(3);
    for (const int64_t size : {6, 6, 3}) {
      Tensor x = stream.sym({size, 2, 10, 10}, dtype);
      all.push_back({x, stream.label(size, 5)});
    }
  }
  return all;
}

// Every loss, then every value of the trained model.
std::vector<double> train(Job& job, const std::vector<Tensors>& batches,
                          const CapturedStep::Function& step) {
  std::vector<double> result;
  for (const Tensors& batch : batches) result.push_back(step(batch)[0].item());
  for (const auto& [name, tensor] : job.model->state_dict()) {
    const std::vector<double> values = tensor.to_vector<double>();
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

class CapturedTraining : public testing::TestWithParam<std::tuple<DType, RngKind>> {
 protected:
  DType dtype() const { return std::get<0>(GetParam()); }
  RngKind rng() const { return std::get<1>(GetParam()); }
};

TEST_P(CapturedTraining, HasTheBitsOfEagerTraining) {
  const std::vector<Tensors> data = batches(/*epochs=*/5, dtype());
  std::vector<double> eager, captured;
  {
    Job job(dtype(), rng());
    eager = train(job, data, [&](std::span<const Tensor> in) { return job.step(in); });
  }
  {
    Job job(dtype(), rng());
    CapturedStep step([&](std::span<const Tensor> in) { return job.step(in); });
    captured = train(job, data, [&](std::span<const Tensor> in) { return step(in); });
    EXPECT_EQ(step.replays(), (10 - 3) + (5 - 3));  // full batches, short ones
  }
  EXPECT_EQ(captured, eager);
  EXPECT_LT(eager[14], eager[2]);  // the losses of the short batch: the model learns
}

INSTANTIATE_TEST_SUITE_P(Jobs, CapturedTraining,
                         testing::Combine(testing::Values(DType::f32, DType::f64),
                                          testing::Values(RngKind::pytorch, RngKind::philox)),
                         [](const auto& test) {
                           const bool philox = std::get<1>(test.param) == RngKind::philox;
                           return std::string(name_of(std::get<0>(test.param))) +
                                  (philox ? "_philox" : "_pytorch");
                         });

// In f64, where all kernels are ours: oneDNN's, which f32 uses, allocate a little in every call.
TEST(CapturedTraining, AReplayAllocatesNothing) {
  Job job(DType::f64, RngKind::pytorch);
  CapturedStep step([&](std::span<const Tensor> in) { return job.step(in); });
  const std::vector<Tensors> data = batches(/*epochs=*/4, DType::f64);
  for (size_t i = 0; i < 9; ++i) step(data[i]);
  const int64_t before = test::heap_allocations();
  for (size_t i = 9; i < data.size(); ++i) step(data[i]);
  EXPECT_EQ(test::heap_allocations() - before, 0);
  EXPECT_EQ(step.replays(), (8 - 3) + (4 - 3));
}

}  // namespace
}  // namespace smtrain::nn
