// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/training_report.h"

#include "smtrain/apps/report/canvas.h"
#include "smtrain/apps/report/line_chart.h"
#include "smtrain/data/png.h"

#include <iterator>
#include <vector>

namespace smtrain::app {
namespace {

// Of one size.
data::Image side_by_side(const std::vector<data::Image>& charts) {
  const int64_t width = charts.front().width;
  Canvas canvas({std::ssize(charts) * width, charts.front().height}, kWhite);
  for (int64_t i = 0; i < std::ssize(charts); ++i)
    canvas.picture({i * width, 0}, charts[static_cast<size_t>(i)]);
  return canvas.image();
}

}  // namespace

void write_training_report(const std::filesystem::path& folder, const MetricsFiles& metrics) {
  Series training{.name = "training", .points = {}};
  for (const auto& [step, loss] : metrics.losses())
    training.points.push_back({static_cast<double>(step), loss});

  Series epochs{.name = "training, mean of an epoch", .points = {}};
  Series validation{.name = "validation", .points = {}}, accuracy{.name = "", .points = {}};
  for (const EpochMetrics& epoch : metrics.epochs()) {
    const auto steps = static_cast<double>(epoch.steps);
    epochs.points.push_back({steps, epoch.train_loss});
    if (!epoch.validation) continue;
    validation.points.push_back({steps, epoch.validation->loss});
    accuracy.points.push_back(
        {static_cast<double>(epoch.epoch), 100 * epoch.validation->accuracy()});
  }

  std::vector<Series> losses = {training, epochs};
  if (!validation.points.empty()) losses.push_back(validation);
  std::vector<data::Image> charts = {line_chart(losses, {.title = "Loss", .x_label = "step"})};
  if (!accuracy.points.empty()) {
    charts.push_back(
        line_chart({accuracy}, {.title = "Validation accuracy (%)", .x_label = "epoch"}));
  }
  data::write_png(folder / "results.png", side_by_side(charts));
}

}  // namespace smtrain::app
