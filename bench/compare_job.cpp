// SPDX-License-Identifier: Apache-2.0
// One measured job of bench/compare, our side of it: trains `net`, `mnist_cnn` or `resnet101` for
// some steps on batches that lie in memory, or decodes, resizes and batches the pictures of class
// folders. Prints one JSON object. bench/pytorch/compare_job.py is the same with PyTorch.
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/apps/job/training_step.h"
#include "smtrain/data/idx.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/data/loader.h"
#include "smtrain/engine/context.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/sgd.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace smtrain;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

struct Job {
  std::string name;
  std::filesystem::path data;
  int64_t batch_size = 0;
  int64_t steps = 0;   // of training
  int64_t passes = 0;  // of the loader through its pictures
  int threads = 2;
  uint64_t seed = 1;
  bool bf16 = false;
};

// What all threads of this process have used.
double cpu_milliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

data::Transforms resize_to_96() { return {std::make_shared<data::Resize>(Size2d(96, 96))}; }

// The first batches of an epoch, in the order that the seed gives.
std::vector<data::Batch> first_batches(data::DataLoader& loader, int64_t count) {
  std::vector<data::Batch> batches;
  for (const data::Batch& batch : loader) {
    if (static_cast<int64_t>(batches.size()) == count) break;
    batches.push_back(batch);
  }
  return batches;
}

json train(const Job& job, nn::Module& model, optim::Optimizer& optimizer,
           const app::Preprocessing& numbers, data::DataLoader loader,
           const app::LossOptions& loss = app::NllLoss{}) {
  const app::Objective objective(loss, /*classes=*/0);
  app::TrainingStep step(model, optimizer, objective, numbers, /*resident=*/nullptr,
                         /*capture=*/true);
  const std::vector<data::Batch> batches = first_batches(loader, job.steps);
  std::vector<double> step_ms, step_cpu_ms, losses;
  for (int64_t i = 0; i < job.steps; ++i) {
    const data::Batch& batch = batches[static_cast<size_t>(i) % batches.size()];
    const auto start = Clock::now();
    const double cpu_start = cpu_milliseconds();
    step(batch.images, batch.targets);
    losses.push_back(step.results()[0].loss);
    step_ms.push_back(milliseconds_since(start));
    step_cpu_ms.push_back(cpu_milliseconds() - cpu_start);
  }
  return {{"step_ms", step_ms}, {"step_cpu_ms", step_cpu_ms}, {"losses", losses}};
}

/// Photographs of 96x96.
json train_on_pictures(const Job& job, nn::Module& model, const app::LossOptions& loss) {
  optim::SGD sgd(model.parameters(), {.lr = 0.001, .momentum = 0.9});
  return train(
      job, model, sgd, {.mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}},
      data::DataLoader(std::make_shared<data::ImageFolder>(job.data), {.batch_size = job.batch_size,
                                                                       .shuffle = true,
                                                                       .threads = job.threads,
                                                                       .transforms = resize_to_96(),
                                                                       .raw = true}),
      loss);
}

json train_net(const Job& job) {
  nn::Net net;
  return train_on_pictures(job, net, app::NllLoss{});
}

json train_resnet101(const Job& job) {
  nn::ResNet resnet({.depth = 101, .classes = 3});
  return train_on_pictures(job, resnet, app::CrossEntropyLoss{});
}

json train_mnist_cnn(const Job& job) {
  nn::MnistCnn model;
  optim::Adam adam(model.parameters(), {.lr = 0.001});
  return train(job, model, adam, {.mean = {0}, .std = {1}},
               data::DataLoader(data::IdxDataset::open(job.data / "train-images-idx3-ubyte.gz",
                                                       job.data / "train-labels-idx1-ubyte.gz"),
                                {.batch_size = job.batch_size, .shuffle = true, .raw = true}));
}

json load(const Job& job) {
  data::DataLoader loader(std::make_shared<data::ImageFolder>(job.data),
                          {.batch_size = job.batch_size,
                           .shuffle = true,
                           .threads = job.threads,
                           .transforms = resize_to_96(),
                           .raw = true});
  std::vector<double> pass_ms;
  int64_t pixel_sum = 0;
  for (int64_t pass = 0; pass < job.passes; ++pass) {
    pixel_sum = 0;
    const auto start = Clock::now();
    for (const data::Batch& batch : loader) {
      const auto* pixels = batch.images.data<uint8_t>();
      pixel_sum = std::accumulate(pixels, pixels + batch.images.numel(), pixel_sum);
    }
    pass_ms.push_back(milliseconds_since(start));
  }
  return {{"images", loader.dataset().size()}, {"pass_ms", pass_ms}, {"pixel_sum", pixel_sum}};
}

json run(const Job& job) {
  if (job.name == "net") return train_net(job);
  if (job.name == "mnist_cnn") return train_mnist_cnn(job);
  if (job.name == "resnet101") return train_resnet101(job);
  return load(job);
}

}  // namespace

int main(int argc, char** argv) {
  Job job;
  CLI::App arguments("One measured job of bench/compare");
  arguments.add_option("job", job.name)
      ->required()
      ->check(CLI::IsMember({"net", "mnist_cnn", "resnet101", "loader"}));
  arguments.add_option("--data", job.data)->required();
  arguments.add_option("--batch-size", job.batch_size)->required();
  arguments.add_option("--steps", job.steps);
  arguments.add_option("--passes", job.passes);
  arguments.add_option("--threads", job.threads);
  arguments.add_option("--seed", job.seed);
  arguments.add_flag("--bf16", job.bf16);
  CLI11_PARSE(arguments, argc, argv);
  try {
    Context context({.threads = job.threads,
                     .seed = job.seed,
                     .precision = job.bf16 ? Precision::bf16 : Precision::f32});
    const ContextGuard guard(context);
    std::cout << run(job) << '\n';
  } catch (const std::exception& error) {
    std::cerr << "bench_compare: " << error.what() << '\n';
    return 1;
  }
}
