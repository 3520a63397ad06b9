// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/train/progress.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace smtrain::app {

/// The curves of a run: metrics.jsonl grows line by line while it runs, metrics.csv has a row per
/// epoch.
class MetricsFiles {
 public:
  /// Starts both files anew in `folder`. Throws std::runtime_error naming a file that can't be
  /// written.
  explicit MetricsFiles(const std::filesystem::path& folder);

  void step(const Progress& progress, int64_t step, double lr);
  void evaluation(int64_t epoch, int64_t step, const Evaluation& evaluation);  // within an epoch
  void epoch(const EpochMetrics& metrics);

  /// (step, loss) of every step line so far, and all epochs: what charts are drawn from.
  const std::vector<std::pair<int64_t, double>>& losses() const { return losses_; }
  const std::vector<EpochMetrics>& epochs() const { return epochs_; }

 private:
  void write(std::ofstream& file, const std::string& line, const std::filesystem::path& path);

  std::filesystem::path json_path_, csv_path_;
  std::ofstream json_, csv_;
  std::vector<std::pair<int64_t, double>> losses_;
  std::vector<EpochMetrics> epochs_;
};

}  // namespace smtrain::app
