// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/log_output.h"
#include "smtrain/apps/train/training_log.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace smtrain::app {

/// The second article's lines, word for word: its script's, and the progress bar of Keras 2.1.
/// Means are over the samples seen in the epoch, times per sample. On a terminal the bar is
/// overwritten; elsewhere it is printed every `interval` steps, and at the end of the epoch.
class KerasLog : public TrainingLog {
 public:
  /// Throws std::invalid_argument for inputs that are not JSON.
  KerasLog(int64_t interval, const JobInputs& inputs, LogOutput output);

  void start(const JobSummary& job) override;
  void epoch_start(const Progress& progress) override;
  void step(const Progress& progress) override;
  void evaluated(const Evaluation& evaluation) override;
  void epoch_end(const EpochMetrics& epoch) override;
  void saving() override { saved_ = true; }
  void exported(const Exported& model) override { exported_.push_back(model); }
  void finished() override;

 private:
  void tell_of_mxnet(const Exported& model);
  void write_bar(std::string text, bool last);

  const int64_t interval_;
  const std::string hyperparameters_, input_data_config_;  // as Python prints them
  const LogOutput output_;
  Progress progress_;
  LogOutput::Clock::time_point epoch_start_, last_bar_;
  size_t bar_width_ = 0;  // of the epoch's last bar
  std::optional<Evaluation> last_evaluation_;
  bool saved_ = false;
  std::vector<Exported> exported_;
};

}  // namespace smtrain::app
