// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/learning_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace smtrain::app {
namespace {

constexpr int kBarWidth = 40;
constexpr std::array kKinds = {"constant", "step", "multistep", "cosine", "one_cycle"};
static_assert(kKinds.size() == std::variant_size_v<nn::ScheduleKind>);

}  // namespace

PlannedRate::PlannedRate(const TrainOptions& train, double base_lr, int64_t steps_per_epoch)
    : train_(train),
      base_lr_(base_lr),
      steps_per_epoch_(steps_per_epoch),
      total_steps_(std::min(train.epochs * steps_per_epoch, train.max_steps.value_or(INT64_MAX))) {}

double PlannedRate::at(int64_t step) const {
  return nn::learning_rate(train_.schedule, base_lr_, step, steps_per_epoch_, total_steps_);
}

std::string learning_rate_table(const Recipe& recipe, std::optional<int64_t> steps_per_epoch) {
  const TrainOptions& train = recipe.train;
  const double lr = base_lr(optimizer_in_use(recipe));
  const nn::Schedule& schedule = train.schedule;
  const bool by_epoch = schedule.unit == nn::ScheduleUnit::epoch;
  std::string text = fmt::format("learning rate ({}): ", kKinds[schedule.kind.index()]);
  if (std::holds_alternative<nn::ConstantSchedule>(schedule.kind) && schedule.warmup == 0) {
    return text + fmt::format("{:.4g} throughout\n", lr);
  }
  if (!steps_per_epoch && (!by_epoch || train.max_steps)) {
    return text + "needs the data, whose size is the number of steps in an epoch\n";
  }
  const int64_t epoch = steps_per_epoch.value_or(1);
  const PlannedRate rate(train, lr, epoch);
  text += steps_per_epoch ? fmt::format("{} steps, {} an epoch\n", rate.total_steps(), epoch)
                          : fmt::format("{} epochs\n", train.epochs);
  double highest = 0;
  for (int percent = 0; percent <= 100; percent += 10) {
    highest = std::max(highest, rate.at(rate.step_at(percent)));
  }
  for (int percent = 0; percent <= 100; percent += 10) {
    const int64_t step = rate.step_at(percent);
    const double value = rate.at(step);
    const auto bar = highest > 0 ? std::lround(kBarWidth * value / highest) : 0;
    const std::string line = fmt::format(
        "{:5} %  {} {:<8}  {:<10.4g}  {}", percent, by_epoch ? "epoch" : "step",
        by_epoch ? step / epoch + 1 : step, value, std::string(static_cast<size_t>(bar), '#'));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace smtrain::app
