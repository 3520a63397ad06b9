// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/progress.h"
#include "smtrain/engine/shape.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::app {

/// How many samples of a split one process goes through, and how many there are.
struct SampleCount {
  int64_t share = 0;
  int64_t all = 0;
};

/// What the container was started with, as JSON texts.
struct JobInputs {
  bool container = false;  // then no line is ever overwritten, not on a terminal either
  std::string hyperparameters_json = "{}";
  std::string input_data_config_json = "{}";
};

/// What a job is about to do.
struct JobSummary {
  bool distributed = false;  // among several hosts
  int64_t gpus = 0;
  SampleCount training;
  std::optional<SampleCount> validation;  // none: nothing is evaluated
  Shape training_shape;                   // all training pictures, as Keras has them in an array
};

/// A model that was written in another program's format.
struct Exported {
  std::string format;  // "mxnet"
  std::vector<std::string> files;
  std::vector<std::string> inputs;  // mxnet: names of what the model takes
  Shape input;                      // that is for a batch as in training: [N, C, H, W]
};

/// What a training loop tells while it runs, in the order of these functions. All do nothing here.
class TrainingLog {
 public:
  virtual ~TrainingLog() = default;

  /// Asked after each step: true, which must last, ends training there, with an evaluation and a
  /// saved model.
  virtual bool wants_to_stop() const { return false; }

  virtual void start(const JobSummary&) {}
  virtual void epoch_start(const Progress&) {}
  virtual void step(const Progress&) {}
  virtual void evaluated(const Evaluation&) {}    // within an epoch
  virtual void epoch_end(const EpochMetrics&) {}  // after the evaluation, if there is one
  virtual void saving() {}                        // before the model's files are written
  virtual void exported(const Exported&) {}       // after training
  virtual void finished() {}
};

}  // namespace smtrain::app
