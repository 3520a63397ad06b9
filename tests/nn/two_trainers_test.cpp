// SPDX-License-Identifier: Apache-2.0

// Two trainers in one process that is busy with something else: neither notices the other, and the
// process does not notice them.

#include "smtrain/data/array_dataset.h"
#include "smtrain/data/crop.h"
#include "smtrain/data/loader.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/engine/ops/matmul.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/sgd.h"
#include "smtrain/tests/compute_threads.h"
#include "smtrain/tests/process_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace smtrain {
namespace {

data::DataLoader loader_of_digits(uint64_t seed) {
  const data::Digits digits = data::draw_digits(96, seed);
  return data::DataLoader(
      std::make_shared<data::ArrayDataset>(data::NamedArray{"digits", digits.images},
                                           data::NamedArray{"classes", digits.labels}),
      {.batch_size = 20,  // the last one is not full
       .shuffle = true,
       .threads = 2,
       .transforms = {std::make_shared<data::RandomHorizontalFlip>()}});
}

std::shared_ptr<nn::Module> network() {
  return nn::sequential({nn::conv2d(1, 4, 3), nn::batch_norm2d(4), nn::relu(), nn::max_pool2d(2),
                         nn::dropout(0.25), nn::flatten(), nn::linear(4 * 13 * 13, 10)});
}

// The bits of what a training comes to: its losses and the model's state.
using Bits = std::vector<double>;

void append(Bits& bits, const nn::Module& model) {
  for (const auto& [name, tensor] : model.state_dict()) {
    const std::vector<double> values = tensor.to_vector<double>();
    bits.insert(bits.end(), values.begin(), values.end());
  }
}

Bits train_step_by_step() {
  Context context({.threads = test::kSeveralThreads, .seed = 1});
  const ContextGuard guard(context);
  auto loader = loader_of_digits(1);
  const auto model = network();
  optim::SGD sgd(model->parameters(), {.lr = 0.05, .momentum = 0.9});
  Bits bits;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto& [images, targets] : loader) {
      const Tensor loss = cross_entropy(model->forward(images), targets);
      sgd.zero_grad();
      loss.backward();
      sgd.step();
      bits.push_back(loss.item());
    }
  }
  append(bits, *model);
  return bits;
}

Bits train_captured() {
  Context context({.threads = 1, .seed = 2, .rng = RngKind::philox});
  const ContextGuard guard(context);
  auto loader = loader_of_digits(2);
  const auto model = network();
  optim::Adam adam(model->parameters(), {.lr = 0.01});
  CapturedStep step([&](std::span<const Tensor> in) {
    const Tensor loss = cross_entropy(model->forward(in[0]), in[1]);
    adam.zero_grad();
    loss.backward();
    adam.step();
    return std::vector<Tensor>{loss.detach()};
  });
  Bits bits;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto& [images, targets] : loader) {
      bits.push_back(step(std::vector<Tensor>{images, targets})[0].item());
    }
  }
  append(bits, *model);
  return bits;
}

// Allocates, computes, draws and makes mistakes until it is stopped.
void be_busy(const std::atomic<bool>& stop) {
  for (size_t i = 1; !stop; i = i * 5 % 8191 + 1) {
    const std::vector<char> memory(i * 37, 'x');
    const auto n = static_cast<int64_t>(i % 50 + 1);
    Context::current().generator().random();
    const Tensor product = matmul(full({n, 3}, 2), full({3, n}, 1));
    EXPECT_EQ(product.to_vector<double>(), Bits(static_cast<size_t>(n * n), 6));
    EXPECT_THROW(matmul(product, full({n + 1, 1}, 1)), std::invalid_argument);
    std::this_thread::yield();
  }
}

using Job = std::function<Bits()>;

// Every job on a thread of its own, all at once. Each finds its thread as it left it.
std::vector<Bits> run_together(const std::vector<Job>& jobs) {
  std::vector<Bits> results(jobs.size());
  std::barrier start(std::ssize(jobs));
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < jobs.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::vector<std::string> before = test::thread_state();
      start.arrive_and_wait();
      try {
        results[i] = jobs[i]();
      } catch (const std::exception& error) {
        ADD_FAILURE() << "job " << i << " threw: " << error.what();
      }
      EXPECT_EQ(test::thread_state(), before) << "job " << i;
    });
  }
  threads.clear();  // joins
  return results;
}

TEST(TwoTrainers, DoWhatEachDoesAloneAndLeaveTheProcessAsItWas) {
  std::thread([] {}).join();  // with the first one ThreadSanitizer starts one of its own
  const std::vector<std::string> before = test::process_state();
  const int threads_before = test::thread_count();
  std::vector<Bits> alone, together;
  std::string output;
  {
    const test::OutputCapture capture;
    for (const Job& job : {Job(train_step_by_step), Job(train_captured)}) {
      alone.push_back(run_together({job})[0]);
    }
    std::atomic<bool> stop = false;
    std::jthread busy([&stop] { be_busy(stop); });
    together = run_together({train_step_by_step, train_captured});
    stop = true;
    busy.join();
    output = capture.text();
  }
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[1]);
  EXPECT_EQ(output, "");
  EXPECT_EQ(test::process_state(), before);
  EXPECT_TRUE(test::threads_come_down_to(threads_before))
      << test::thread_count() << " threads are left";
}

}  // namespace
}  // namespace smtrain
