// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/evaluation_report.h"

#include "smtrain/apps/report/batch_pictures.h"
#include "smtrain/data/png.h"
#include "smtrain/engine/ops/reduce.h"

#include <utility>

namespace smtrain::app {

EvaluationReport::EvaluationReport(std::vector<std::string> classes, int64_t pictures)
    : confusion_(std::move(classes)), pictures_(static_cast<size_t>(pictures)) {}

void EvaluationReport::add(const data::Batch& batch, const Tensor& output) {
  const std::vector<int64_t> predicted = argmax(output, 1).to_vector<int64_t>();
  const std::vector<int64_t> targets = batch.targets.to_vector<int64_t>();
  const std::vector<data::Image> pictures =
      pictures_of(batch.images, static_cast<int64_t>(pictures_ - cells_.size()));
  for (size_t n = 0; n < targets.size(); ++n) {
    confusion_.add(targets[n], predicted[n]);
    if (cells_.size() == pictures_) continue;
    const auto name = [&](int64_t number) {
      return confusion_.classes[static_cast<size_t>(number)];
    };
    GridCell cell{.image = reduced(pictures[n]),
                  .caption = {name(predicted[n])},
                  .marked = predicted[n] != targets[n]};
    if (cell.marked) cell.caption.push_back("true: " + name(targets[n]));
    cells_.push_back(std::move(cell));
  }
}

void EvaluationReport::write(const std::filesystem::path& folder) const {
  if (cells_.empty()) return;
  data::write_png(folder / "predictions.png",
                  image_grid(cells_, {.scale = grid_scale(cells_.front().image)}));
  data::write_png(folder / "confusion.png", draw(confusion_));
}

}  // namespace smtrain::app
