// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/data/resident_samples.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/engine/step_backup.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace smtrain::app {

/// How a step went.
struct StepResult {
  int64_t samples = 0;
  double loss = 0;      // mean over the batch
  int64_t correct = 0;  // samples that the model had right, before its update
};

/// Forward, loss, backward and update of a batch, captured unless told otherwise. Steps are only
/// started: the device goes on with the next ones while the host waits for results() of the last.
/// A step whose loss is not finite, and those after it, leave the model as it was.
class TrainingStep {
 public:
  /// Of batches that a loader hands out, or with `resident` of samples that lie on the device.
  TrainingStep(nn::Module& model, optim::Optimizer& optimizer, const Objective& objective,
               const Preprocessing& preprocessing, const data::ResidentSamples* resident,
               bool capture);
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  /// Starts a step on images as a loader hands them out.
  void operator()(const Tensor& images, const Tensor& targets);

  /// Starts `steps` steps, one after the other and at most max_steps(), on equal parts of
  /// `samples`.
  void operator()(std::span<const int64_t> samples, int64_t epoch_seed, int64_t steps);

  /// How many steps can be started together. More than one where nothing that changes from step to
  /// step is the host's.
  int64_t max_steps() const { return max_steps_; }

  /// Waits for what was started last: its steps, of which one whose loss is not finite is the last.
  std::span<const StepResult> results();

  /// Where the loss that was not finite came from. After it, training goes on as if that step had
  /// never been.
  std::string why_not_finite();

  /// Of how many kernels, copies and fills the recording of the most steps together is; 0: the
  /// device makes none.
  int64_t kernels() const { return step_.kernels(); }

  /// The memory that was planned for what a step computes, and its buffers for batches.
  size_t arena_bytes() const { return step_.arena_bytes(); }
  size_t input_bytes() const { return step_.input_bytes(); }

  /// Forgets what was planned and recorded, and gives its memory back.
  void forget() { step_.reset(); }

 private:
  struct Batch {
    Tensor x, targets;  // as the model and the objective take them
  };
  Batch batch_of(std::span<const Tensor> inputs, int64_t step) const;
  std::vector<Tensor> run(std::span<const Tensor> inputs);
  void start(std::vector<Tensor> inputs, int64_t steps);
  void take_back();
  std::string find_non_finite();

  nn::Module& model_;
  optim::Optimizer& optimizer_;
  const Objective& objective_;
  const Preprocessing& preprocessing_;
  const data::ResidentSamples* resident_;
  StepBackup backup_;
  const int64_t max_steps_;
  Tensor losses_, correct_;     // f32, i64 [max_steps], of the steps of one start
  std::vector<Tensor> inputs_;  // of the last start
  int64_t batch_size_ = 0, steps_ = 0;
  std::vector<StepResult> results_;
  CapturedStep step_;
};

/// The name of a model's first parameter or buffer with a number that is not finite; empty: none.
std::string first_not_finite(const nn::Module& model);

}  // namespace smtrain::app
