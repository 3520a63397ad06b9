// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/evaluator.h"

#include "smtrain/apps/job/fitting_batch.h"
#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/accuracy.h"
#include "smtrain/engine/ops/view.h"

#include <algorithm>

namespace smtrain::app {
namespace {

// Samples in one run of the model: larger runs take more memory and no less time.
constexpr int64_t kMaxSamples = 128;

}  // namespace

Evaluator::Evaluator(nn::Module& model, const Objective& objective,
                     const Preprocessing& preprocessing, TestLoss test_loss, bool capture)
    : model_(model),
      objective_(objective),
      preprocessing_(preprocessing),
      test_loss_(test_loss),
      correct_(zeros({}, {.dtype = DType::i64})),
      step_([this](std::span<const Tensor> inputs) { return run(inputs); }, capture) {}

std::vector<Tensor> Evaluator::run(std::span<const Tensor> inputs) {
  const NoGradGuard no_grad;
  const Tensor output = model_(preprocessing_.normalized(inputs[0]));
  count_correct(output, inputs[1], correct_);
  return {objective_(output, inputs[1], Reduction::sum), output};
}

Evaluation Evaluator::operator()(data::DataLoader& loader, const OnBatch& on_batch) {
  return (*this)(loader.batches(loader.start_epoch()), on_batch);
}

Evaluation Evaluator::operator()(const data::EpochBatches& batches, const OnBatch& on_batch) {
  const nn::EvaluationGuard evaluation(model_);
  fill(correct_, 0);
  Evaluation result;
  double loss_sum = 0;
  for (const auto& batch : batches) {
    double batch_loss = 0;
    for (int64_t first = 0; first < batch.size(); first += kMaxSamples) {
      const int64_t count = std::min(kMaxSamples, batch.size() - first);
      const auto index = batch.indices.begin() + first;
      const data::Batch part{.images = narrow(batch.images, 0, first, count),
                             .targets = narrow(batch.targets, 0, first, count),
                             .indices = {index, index + count}};
      const Tensor inputs[] = {part.images, part.targets};
      const std::vector<Tensor>& results = run_batch(step_, inputs, 0, "train.test_batch_size");
      batch_loss += results[0].item();
      result.samples += part.size();
      if (on_batch) on_batch(part, results[1]);
    }
    const bool mean = test_loss_ == TestLoss::sum_of_batch_means;
    loss_sum += mean ? batch_loss / static_cast<double>(batch.size()) : batch_loss;
  }
  result.correct = static_cast<int64_t>(correct_.item());
  result.loss = result.samples == 0 ? 0 : loss_sum / static_cast<double>(result.samples);
  return result;
}

}  // namespace smtrain::app
