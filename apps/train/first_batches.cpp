// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/first_batches.h"

#include "smtrain/apps/job/first_pictures.h"
#include "smtrain/apps/report/batch_pictures.h"
#include "smtrain/apps/report/evaluation_report.h"
#include "smtrain/apps/report/image_grid.h"
#include "smtrain/data/png.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace smtrain::app {
namespace {

constexpr int64_t kMaxPictures = 16;

void write_first_batch(Job& job, Split split, int64_t batch_size,
                       const std::filesystem::path& file) {
  const std::vector<std::string>& classes = job.training.dataset->classes();
  std::vector<GridCell> cells;
  for (const auto& [image, target] :
       first_pictures(job, split, std::min(batch_size, kMaxPictures))) {
    cells.push_back({.image = reduced(image), .caption = {classes[static_cast<size_t>(target)]}});
  }
  data::write_png(file, image_grid(cells, {.scale = grid_scale(cells.front().image)}));
}

}  // namespace

void write_first_batches(Job& job, const std::filesystem::path& folder) {
  const TrainOptions& options = job.recipe.train;
  write_first_batch(job, Split::train, options.batch_size, folder / "train_batch.png");
  if (!job.validation_loader) return;
  write_first_batch(job, Split::validation, options.evaluation_batch_size(),
                    folder / "validation_batch.png");
}

void check_evaluation(Job& job) {
  if (!job.validation_loader) return;
  const int64_t samples =
      std::min(2 * job.recipe.train.evaluation_batch_size(), job.validation->dataset->size());
  data::Epoch first{.seed = 0, .order = std::vector<int64_t>(static_cast<size_t>(samples))};
  std::iota(first.order.begin(), first.order.end(), 0);
  EvaluationReport report(job.training.dataset->classes());
  job.evaluate(job.validation_loader->batches(std::move(first)),
               [&](const auto& batch, const Tensor& scores) { report.add(batch, scores); });
}

}  // namespace smtrain::app
