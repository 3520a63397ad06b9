// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job.h"
#include "smtrain/data/loader.h"

#include <cstdint>
#include <optional>
#include <span>

namespace smtrain::app {

/// The steps of one epoch, over the batches of the loader or over samples that lie on the device.
class TrainingEpoch {
 public:
  /// Starts the epoch: draws its order.
  explicit TrainingEpoch(Job& job);
  TrainingEpoch(const TrainingEpoch&) = delete;
  TrainingEpoch& operator=(const TrainingEpoch&) = delete;

  /// Goes to the next batch, false: there is none. Throws what loading it throws.
  bool next();

  /// Trains on that batch, and where the device goes on by itself on those after it, but makes no
  /// more than `steps` steps. See TrainingStep::results().
  std::span<const StepResult> train(int64_t steps);

 private:
  Job& job_;
  const data::Epoch epoch_;
  int64_t trained_ = 0;                       // samples
  std::optional<data::BatchIterator> batch_;  // of the loader; none before the first
};

}  // namespace smtrain::app
