// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/evaluator.h"

#include <cstdint>
#include <optional>

namespace smtrain::app {

/// Where training stands after a step.
struct Progress {
  int64_t epoch = 1;  // from 1
  int64_t epochs = 1;
  int64_t batch = 0;         // of this epoch, from 1
  int64_t batches = 0;       // per epoch
  int64_t batch_size = 0;    // of this batch
  int64_t samples_seen = 0;  // in this epoch
  int64_t samples = 0;       // per epoch
  double loss = 0;           // mean over this batch
  double loss_sum = 0;       // over the samples seen
  int64_t correct = 0;       // of the samples seen

  void add_batch(int64_t size, double batch_loss) {
    ++batch;
    batch_size = size;
    samples_seen += size;
    loss = batch_loss;
    loss_sum += batch_loss * static_cast<double>(size);
  }
};

/// What an epoch came to.
struct EpochMetrics {
  int64_t epoch = 0;
  int64_t steps = 0;      // since the beginning
  double lr = 0;          // of its last step
  double train_loss = 0;  // mean over the epoch's samples
  double train_accuracy = 0;
  std::optional<Evaluation> validation;  // none: it was not evaluated
  double seconds = 0;                    // training alone
  double images_per_second = 0;
};

}  // namespace smtrain::app
