// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/check_evaluation.h"

#include "smtrain/apps/report/evaluation_report.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace smtrain::app {

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
