// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/nn/module.h"

#include <stdexcept>
#include <string>

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
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  /// How many of the last step's samples the model had right, before its update.
  int64_t correct() const;

  /// Trains on images as a loader hands them out. Returns the loss, valid until the next step.
  Tensor operator()(const Tensor& images, const Tensor& targets);

 private:
  std::vector<Tensor> run(std::span<const Tensor> inputs);
  void take_back();
  std::string find_non_finite(std::span<const Tensor> inputs);

  struct Buffer {
    Tensor now, before;  // in the model; as it was when the step began
  };

  nn::Module& model_;
  optim::Optimizer& optimizer_;
  const Objective& objective_;
  const Preprocessing& preprocessing_;
  std::vector<Buffer> buffers_;
  Tensor correct_;  // i64 []
  CapturedStep step_;
};

/// The name of a model's first parameter or buffer with a number that is not finite; empty: none.
std::string first_not_finite(const nn::Module& model);

}  // namespace smtrain::app
