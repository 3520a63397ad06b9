// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "smtrain/apps/train/job_data.h"
#include "smtrain/apps/train/objective.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/nn/module.h"

namespace smtrain::app {

/// A step's loss was infinite or not a number; says where that began.
class NonFiniteLoss : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Forward, loss, backward and update of one batch, captured unless told otherwise. A step whose
/// loss is not finite leaves the model as it was and throws NonFiniteLoss.
class TrainingStep {
 public:
  TrainingStep(nn::Module& model, optim::Optimizer& optimizer, const Objective& objective,
               const Preprocessing& preprocessing, bool capture);

  /// Trains on images as a loader hands them out. Returns the loss, valid until the next step.
  Tensor operator()(const Tensor& images, const Tensor& targets);

 private:
  std::vector<Tensor> run(std::span<const Tensor> inputs);
  std::string find_non_finite(std::span<const Tensor> inputs);

  nn::Module& model_;
  optim::Optimizer& optimizer_;
  const Objective& objective_;
  const Preprocessing& preprocessing_;
  const bool capture_;
  CapturedStep step_;
};

/// The name of a model's first parameter or buffer with a number that is not finite; empty: none.
std::string first_not_finite(const nn::Module& model);

/// What a model makes of a data set.
struct Evaluation {
  double loss = 0;  // mean over the samples
  int64_t correct = 0;
  int64_t samples = 0;

  double accuracy() const {
    return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples);
  }
};

/// Runs a model in evaluation mode over batches, captured unless told otherwise.
class Evaluator {
 public:
  Evaluator(nn::Module& model, const Objective& objective, const Preprocessing& preprocessing,
            bool capture);

  /// Told of each batch, in parts of at most 128 samples, and the model's output for it, valid
  /// during the call.
  using OnBatch = std::function<void(const data::Batch& batch, const Tensor& output)>;

  /// Goes once through the loader, which draws its order as for training.
  Evaluation operator()(data::DataLoader& loader, const OnBatch& on_batch = {});

 private:
  std::vector<Tensor> run(std::span<const Tensor> inputs);

  nn::Module& model_;
  const Objective& objective_;
  const Preprocessing& preprocessing_;
  const bool capture_;
  Tensor correct_;  // i64 [], counts up over an evaluation
  CapturedStep step_;
};

}  // namespace smtrain::app
