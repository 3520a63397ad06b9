// SPDX-License-Identifier: Apache-2.0
#include "smtrain/kernels/cuda/plan_choices.h"

#include <utility>

namespace smtrain::cuda {

void PlanChoices::tell(const PlanChoice& choice) {
  const std::lock_guard lock(mutex_);
  told_[choice.operation] = {choice.plan, choice.milliseconds};
}

std::optional<NamedPlan> PlanChoices::told(const std::string& operation) const {
  const std::lock_guard lock(mutex_);
  const auto place = told_.find(operation);
  return place == told_.end() ? std::nullopt : std::optional(place->second);
}

void PlanChoices::choose(const std::string& operation, NamedPlan plan) {
  const std::lock_guard lock(mutex_);
  chosen_[operation] = std::move(plan);
}

// Called without the lock: what is seen may ask.
void PlanChoices::visit(void (*seen)(const PlanChoice&, void*), void* context) const {
  const auto chosen = [&] {
    const std::lock_guard lock(mutex_);
    return chosen_;
  }();
  for (const auto& [operation, plan] : chosen)
    seen({operation.c_str(), plan.name.c_str(), plan.milliseconds}, context);
}

void PlanChoices::set_timing(bool timing) {
  const std::lock_guard lock(mutex_);
  timing_ = timing;
}

bool PlanChoices::timing() const {
  const std::lock_guard lock(mutex_);
  return timing_;
}

PlanChoices& plan_choices() {
  static PlanChoices& choices = *new PlanChoices;  // for threads that end after it would
  return choices;
}

}  // namespace smtrain::cuda
