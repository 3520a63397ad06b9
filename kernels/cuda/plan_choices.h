// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/plan_table.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace smtrain::cuda {

/// A plan's name and the time that it took; 0: not timed.
struct NamedPlan {
  std::string name;
  float milliseconds = 0;
};

/// The plans of this process' operations: what it was told, and what has been chosen. Any thread
/// may use it.
class PlanChoices {
 public:
  /// What an operation is to be computed by; the last word counts.
  void tell(const PlanChoice& choice);
  std::optional<NamedPlan> told(const std::string& operation) const;

  void choose(const std::string& operation, NamedPlan plan);

  /// Calls `seen` for each that was chosen, in the order of the operations.
  void visit(void (*seen)(const PlanChoice&, void* context), void* context) const;

  void set_timing(bool timing);
  bool timing() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, NamedPlan> told_, chosen_;  // by operation
  bool timing_ = false;
};

/// The process' own, and the table by which the engine reaches them.
PlanChoices& plan_choices();
const PlanTable& plan_table();

}  // namespace smtrain::cuda
