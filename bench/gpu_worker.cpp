// SPDX-License-Identifier: Apache-2.0
// Our side of bench/gpu: trains `net` or `mnist_cnn` on batches that lie in the device's memory, as
// many steps as it is asked for. Each line of the input is a request, answered by a line of JSON:
//   losses N   N steps, and the loss of each
//   time N     N steps, and the seconds that they took together
//   kernels N  how many kernels, copies and fills the GPU runs for each of N steps: null without
//   one
// The first answer comes unasked, when one step is done. bench/pytorch/gpu_worker.py and
// bench/jax/gpu_worker.py do the same.
#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/apps/job/training_step.h"
#include "smtrain/bench/precision.h"
#include "smtrain/data/array_dataset.h"
#include "smtrain/data/resident_samples.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/cuda_device.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/optim/adam.h"
#include "smtrain/nn/optim/sgd.h"

#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace smtrain;
using Arrays = std::map<std::string, Array>;

/// A model with its optimizer, and how its pictures are normalised.
struct Workload {
  nn::ModulePtr model;
  std::unique_ptr<optim::Optimizer> optimizer;
  app::Preprocessing preprocessing;
};

Tensor tensor_of(const Array& array) {
  return from_host(array.bytes.data(), array.shape, array.dtype);
}

nn::ModulePtr make_model(const std::string& name, bool dropout) {
  if (name == "net") return std::make_shared<nn::Net>();
  check(name == "mnist_cnn", "gpu_worker: the workload is net or mnist_cnn, got ", name);
  if (dropout) return std::make_shared<nn::MnistCnn>();
  return std::make_shared<nn::MnistCnn>(nn::MnistCnnOptions{.conv_dropout = 0, .dense_dropout = 0});
}

/// With the weights of the arrays, on the current device.
Workload make_workload(const std::string& name, bool dropout, const Arrays& arrays) {
  Workload workload{.model = make_model(name, dropout), .optimizer = nullptr, .preprocessing = {}};
  nn::StateDict weights;
  for (const auto& [key, value] : workload.model->state_dict())
    weights.add(key, tensor_of(arrays.at(key)));
  workload.model->to(Context::current().device());
  workload.model->load_state_dict(weights, "inputs");
  const std::vector<Tensor> parameters = workload.model->parameters();
  if (name == "net") {
    workload.optimizer =
        std::make_unique<optim::SGD>(parameters, optim::SgdOptions{.lr = 0.01, .momentum = 0.9});
    workload.preprocessing = {.transforms = {}, .mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};
  } else {
    workload.optimizer = std::make_unique<optim::Adam>(parameters, optim::AdamOptions{.lr = 0.001});
    workload.preprocessing = {.transforms = {}, .mean = {0}, .std = {1}};
  }
  return workload;
}

/// The pictures and labels of all batches, one after the other.
std::shared_ptr<const data::Dataset> dataset_of(const Arrays& arrays) {
  Array images = arrays.at("images");  // u8 [batches, N, C, H, W]
  Array labels = arrays.at("labels");  // i64 [batches, N]
  images.shape = {images.shape[0] * images.shape[1], images.shape[2], images.shape[3],
                  images.shape[4]};
  labels.shape = {labels.shape[0] * labels.shape[1]};
  return std::make_shared<data::ArrayDataset>(data::NamedArray{"images", std::move(images)},
                                              data::NamedArray{"labels", std::move(labels)},
                                              data::ArrayDatasetOptions{.channels_first = true});
}

class Worker {
 public:
  Worker(const std::string& workload, bool dropout, const Arrays& arrays)
      : workload_(make_workload(workload, dropout, arrays)),
        objective_(app::NllLoss{}, /*classes=*/0),
        samples_(dataset_of(arrays), {}, Context::current().device(), /*threads=*/0),
        batch_size_(arrays.at("labels").shape[1]),
        step_(*workload_.model, *workload_.optimizer, objective_, workload_.preprocessing,
              &samples_, /*capture=*/true) {
    // Twice, so that steps which are started together may go on at the beginning.
    order_.resize(static_cast<size_t>(2 * samples_.images().shape()[0]));
    for (size_t i = 0; i < order_.size(); ++i)
      order_[i] = static_cast<int64_t>(i % (order_.size() / 2));
  }

  /// The losses of that many steps, started together where they can be.
  std::vector<double> train(int64_t steps) {
    std::vector<double> losses;
    while (steps > 0) {
      const int64_t together = steps >= step_.max_steps() ? step_.max_steps() : 1;
      step_(std::span(order_).subspan(next_, static_cast<size_t>(together * batch_size_)), 0,
            together);
      for (const app::StepResult& result : step_.results()) losses.push_back(result.loss);
      next_ = (next_ + static_cast<size_t>(together * batch_size_)) % (order_.size() / 2);
      steps -= together;
    }
    return losses;
  }

  /// Of the recording of most steps together, once it is there.
  double kernels_per_step() const {
    return static_cast<double>(step_.kernels()) / static_cast<double>(step_.max_steps());
  }

 private:
  Workload workload_;
  app::Objective objective_;
  data::ResidentSamples samples_;
  const int64_t batch_size_;
  app::TrainingStep step_;
  std::vector<int64_t> order_;
  size_t next_ = 0;  // of order_
};

void answer(Worker& worker, const std::string& request, int64_t count) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<double> losses = worker.train(count);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (request == "time") {
    std::cout << "{\"seconds\": " << seconds.count() << "}" << std::endl;
    return;
  }
  if (request == "kernels") {
    const double kernels = worker.kernels_per_step();
    std::cout << "{\"kernels\": " << (kernels == 0 ? "null" : std::to_string(kernels)) << "}"
              << std::endl;
    return;
  }
  check(request == "losses", "gpu_worker: a request is time, losses or kernels, got '", request,
        "'");
  std::cout.precision(9);
  std::cout << "{\"losses\": [";
  for (size_t i = 0; i < losses.size(); ++i) std::cout << (i == 0 ? "" : ", ") << losses[i];
  std::cout << "]}" << std::endl;
}

}  // namespace

/// gpu_worker WORKLOAD INPUTS.npz DEVICE PRECISION FORM: FORM "same" leaves dropout out, so that
/// every side has the same losses.
int main(int argc, char** argv) {
  try {
    check(argc == 6, "gpu_worker: expected WORKLOAD INPUTS DEVICE PRECISION FORM, got ", argc - 1,
          " arguments");
    Context context({.device = Device::named(argv[3]),
                     .seed = 1,
                     .precision = bench::precision_named(argv[4])});
    const ContextGuard guard(context);
    const bool same = std::string(argv[5]) == "same";
    Worker worker(argv[1], /*dropout=*/!same, read_npz(argv[2]));
    if (!same) worker.train(1);
    std::cout << "{\"ready\": \"smtrain"
              << (cuda::description().empty() ? "" : ", " + cuda::description()) << "\"}"
              << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::string request;
      int64_t count = 0;
      words >> request >> count;
      answer(worker, request, count);
    }
  } catch (const std::exception& error) {
    std::cerr << "gpu_worker: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
