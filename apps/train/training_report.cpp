// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/training_report.h"

#include "smtrain/apps/report/line_chart.h"
#include "smtrain/data/png.h"

namespace smtrain::app {

void write_training_report(const std::filesystem::path& folder, const MetricsFiles& metrics) {
  Series training{.name = "training", .points = {}};
  for (const auto& [step, loss] : metrics.losses())
    training.points.push_back({static_cast<double>(step), loss});

  Series epochs{.name = "training, mean of an epoch", .points = {}};
  Series validation{.name = "validation", .points = {}}, accuracy{.name = "", .points = {}};
  for (const EpochMetrics& epoch : metrics.epochs()) {
    const auto steps = static_cast<double>(epoch.steps);
    epochs.points.push_back({steps, epoch.train_loss});
    if (!epoch.evaluated) continue;
    validation.points.push_back({steps, epoch.validation.loss});
    accuracy.points.push_back(
        {static_cast<double>(epoch.epoch), 100 * epoch.validation.accuracy()});
  }

  std::vector<Series> losses = {training, epochs};
  if (!validation.points.empty()) losses.push_back(validation);
  data::write_png(folder / "loss.png", line_chart(losses, {.title = "Loss", .x_label = "step"}));
  if (accuracy.points.empty()) return;
  data::write_png(folder / "accuracy.png",
                  line_chart({accuracy}, {.title = "Validation accuracy (%)", .x_label = "epoch"}));
}

}  // namespace smtrain::app
