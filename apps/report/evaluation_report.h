// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/report/confusion_matrix.h"
#include "smtrain/apps/report/image_grid.h"
#include "smtrain/data/batch.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace smtrain::app {

/// What a model made of a data set, to look at.
class EvaluationReport {
 public:
  /// Shows the first `pictures` that it is told of.
  explicit EvaluationReport(std::vector<std::string> classes, int64_t pictures = 32);

  /// Adds a batch as a loader hands it out, and the model's output for it, [N, classes].
  void add(const data::Batch& batch, const Tensor& output);

  const ConfusionMatrix& confusion() const { return confusion_; }

  /// Writes predictions.png, where each picture has the predicted class below it and wrong ones are
  /// framed red and say the true one, and confusion.png. Nothing when no batch was added.
  void write(const std::filesystem::path& folder) const;

 private:
  ConfusionMatrix confusion_;
  size_t pictures_;
  std::vector<GridCell> cells_;
};

}  // namespace smtrain::app
