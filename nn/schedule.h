// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

namespace smtrain::nn {

/// What a schedule counts: its own numbers (step_size, milestones, warm-up) are in this unit, and
/// the rate changes when the count does.
enum class ScheduleUnit : uint8_t { epoch, step };

/// The rate never changes.
struct ConstantSchedule {
  bool operator==(const ConstantSchedule&) const = default;
};

/// Times gamma every step_size units, as torch's StepLR.
struct StepSchedule {
  int64_t step_size = 1;
  double gamma = 0.1;

  bool operator==(const StepSchedule&) const = default;
};

/// Times gamma at each milestone, as torch's MultiStepLR.
struct MultistepSchedule {
  std::vector<int64_t> milestones;
  double gamma = 0.1;

  bool operator==(const MultistepSchedule&) const = default;
};

/// Half a cosine from lr to min_lr over the whole run (Loshchilov & Hutter, arXiv:1608.03983), as
/// torch's CosineAnnealingLR with T_max the length of the run after warm-up.
struct CosineSchedule {
  double min_lr = 0;

  bool operator==(const CosineSchedule&) const = default;
};

/// Smith & Topin, arXiv:1708.07120: from max_lr / div_factor up to max_lr in the first pct_start of
/// the run, then down to the start over final_div_factor, both along cosines, as torch's
/// OneCycleLR.
struct OneCycleSchedule {
  double max_lr = 0;
  double pct_start = 0.3;
  double div_factor = 25;
  double final_div_factor = 1e4;

  bool operator==(const OneCycleSchedule&) const = default;
};

using ScheduleKind = std::variant<ConstantSchedule, StepSchedule, MultistepSchedule, CosineSchedule,
                                  OneCycleSchedule>;

/// How the learning rate changes, with a warm-up before.
struct Schedule {
  ScheduleKind kind;
  ScheduleUnit unit = ScheduleUnit::epoch;
  int64_t warmup = 0;       // units over which the rate rises linearly to where the schedule starts
  double warmup_start = 0;  // the part of that rate at the first unit's beginning

  bool operator==(const Schedule&) const = default;
};

/// The learning rate at a step, as one closed formula: a resumed run needs no history.
///
///   base_lr          the optimizer's lr
///   step             steps made so far, from 0
///   steps_per_epoch  to count epochs; at least 1
///   total_steps      of the whole run
///
/// Throws std::invalid_argument when a schedule's numbers make no sense (step_size below 1, a
/// negative gamma, a factor that is not positive, warm-up longer than the run).
double learning_rate(const Schedule& schedule, double base_lr, int64_t step,
                     int64_t steps_per_epoch, int64_t total_steps);

}  // namespace smtrain::nn
