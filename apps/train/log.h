// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/job/evaluator.h"

#include <chrono>
#include <cstdint>
#include <ostream>

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

  void add_batch(int64_t size) {
    ++batch;
    batch_size = size;
    samples_seen += size;
  }
};

/// The lines that the first article's PyTorch script prints, word for word; on a terminal also a
/// progress line that is overwritten.
class PytorchLog {
 public:
  PytorchLog(std::ostream& out, const Recipe& recipe, bool terminal);

  void start(bool distributed, int gpus);
  void step(const Progress& progress, double loss);
  void evaluated(const Evaluation& evaluation);
  void saving();

  /// Images per second and the time left, on a terminal; at most five times a second.
  void tick(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  bool shows(LogLevel level) const { return level >= level_; }
  void erase_progress_line();

  std::ostream& out_;
  const LogLevel level_;
  const SampleCounter counter_;
  const bool terminal_;
  bool progress_line_ = false;
  Clock::time_point epoch_start_, last_tick_;
};

}  // namespace smtrain::app
