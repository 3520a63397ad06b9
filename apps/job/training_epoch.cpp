// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/training_epoch.h"

#include <algorithm>

namespace smtrain::app {

TrainingEpoch::TrainingEpoch(Job& job) : job_(job), epoch_(job.train_loader.start_epoch()) {}

bool TrainingEpoch::next() {
  if (job_.resident != nullptr) return trained_ < std::ssize(epoch_.order);
  if (batch_) {
    ++*batch_;
  } else {
    batch_ = job_.train_loader.batches(epoch_).begin();
  }
  return *batch_ != std::default_sentinel;
}

std::span<const StepResult> TrainingEpoch::train(int64_t steps) {
  TrainingStep& step = *job_.training_step;
  if (job_.resident == nullptr) {
    step((*batch_)->images, (*batch_)->targets);
    return step.results();
  }
  const auto rest = std::span(epoch_.order).subspan(static_cast<size_t>(trained_));
  const int64_t batch = std::min(job_.recipe.train.batch_size, std::ssize(rest));
  const int64_t together =
      std::min(steps, std::ssize(rest) / batch) >= step.max_steps() ? step.max_steps() : 1;
  trained_ += together * batch;
  step(rest.first(static_cast<size_t>(together * batch)), epoch_.seed, together);
  return step.results();
}

}  // namespace smtrain::app
