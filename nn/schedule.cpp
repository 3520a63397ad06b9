// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/schedule.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace smtrain::nn {
namespace {

// From `from` to `to` along half a cosine, for progress 0 to 1.
double cosine_between(double from, double to, double progress) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

void check_gamma(double gamma) {
  check(gamma >= 0, "schedule: gamma must not be negative, got ", gamma);
}

// One schedule at `position` of `length` units.
struct Rate {
  double base_lr;
  int64_t position;
  int64_t length;

  double operator()(const ConstantSchedule&) const { return base_lr; }

  double operator()(const StepSchedule& s) const {
    check(s.step_size >= 1, "schedule: step_size must be at least 1, got ", s.step_size);
    check_gamma(s.gamma);
    return base_lr * std::pow(s.gamma, static_cast<double>(position / s.step_size));
  }

  double operator()(const MultistepSchedule& s) const {
    check_gamma(s.gamma);
    const auto passed = std::count_if(s.milestones.begin(), s.milestones.end(),
                                      [this](int64_t milestone) { return milestone <= position; });
    return base_lr * std::pow(s.gamma, static_cast<double>(passed));
  }

  double operator()(const CosineSchedule& s) const {
    return cosine_between(base_lr, s.min_lr,
                          static_cast<double>(position) / static_cast<double>(length));
  }

  double operator()(const OneCycleSchedule& s) const {
    check(s.pct_start >= 0 && s.pct_start <= 1, "schedule: pct_start must lie in [0, 1], got ",
          s.pct_start);
    check(s.div_factor > 0 && s.final_div_factor > 0,
          "schedule: div_factor and final_div_factor must be positive, got ", s.div_factor, " and ",
          s.final_div_factor);
    const double start = s.max_lr / s.div_factor;
    const double last = static_cast<double>(length - 1);
    const double peak = std::max(s.pct_start * static_cast<double>(length) - 1, 0.0);
    const double now = static_cast<double>(position);
    if (now <= peak && peak > 0) return cosine_between(start, s.max_lr, now / peak);
    return cosine_between(s.max_lr, start / s.final_div_factor,
                          last > peak ? (now - peak) / (last - peak) : 1);
  }
};

}  // namespace

double learning_rate(const Schedule& schedule, double base_lr, int64_t step,
                     int64_t steps_per_epoch, int64_t total_steps) {
  const bool epochs = schedule.unit == ScheduleUnit::epoch;
  const int64_t unit = epochs ? std::max<int64_t>(steps_per_epoch, 1) : 1;
  const int64_t length = std::max<int64_t>((total_steps + unit - 1) / unit, 1);
  check(schedule.warmup >= 0 && (schedule.warmup == 0 || schedule.warmup < length),
        "schedule: a warm-up of ", schedule.warmup, epochs ? " epochs" : " steps",
        " does not fit a run of ", length);
  const auto after_warmup = [&](int64_t position) {
    return std::visit(Rate{base_lr, position, length - schedule.warmup}, schedule.kind);
  };
  const int64_t warmup_steps = schedule.warmup * unit;
  if (step < warmup_steps) {
    const double progress = static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
    return after_warmup(0) * (schedule.warmup_start + (1 - schedule.warmup_start) * progress);
  }
  return after_warmup(std::min((step - warmup_steps) / unit, length - schedule.warmup));
}

}  // namespace smtrain::nn
