// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/train/log_output.h"
#include "smtrain/apps/train/training_log.h"

#include <cstdint>
#include <string>

namespace smtrain::app {

/// The first article's lines, word for word: those of the log that it prints (log.style pytorch) or
/// those of the script that it publishes (pytorch_script). On a terminal also a progress line that
/// is overwritten.
class PytorchLog : public TrainingLog {
 public:
  PytorchLog(const Recipe& recipe, LogOutput output);

  void start(const JobSummary& job) override;
  void epoch_start(const Progress& progress) override;
  void step(const Progress& progress) override;
  void evaluated(const Evaluation& evaluation) override;
  void epoch_end(const EpochMetrics& epoch) override;
  void saving() override;

 private:
  void show_progress(const Progress& progress);
  void line(const std::string& text);

  const LogStyle style_;
  const int64_t interval_;
  const SampleCounter counter_;
  const LogOutput output_;
  bool progress_line_ = false;
  LogOutput::Clock::time_point epoch_start_, last_progress_;
};

}  // namespace smtrain::app
