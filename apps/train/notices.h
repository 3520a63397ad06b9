// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/recipe.h"
#include "smtrain/apps/config/variables.h"

#include <ostream>

namespace smtrain::app {

/// A recipe's log.level; where that is auto, what SM_LOG_LEVEL says in Python's numbers (10 debug,
/// 20 info, 30 warning, 40 error, 50 critical: error here), else info. Any other SM_LOG_LEVEL
/// leaves a warning in `err`.
LogLevel log_level(const LogOptions& log, const Variables& variables, std::ostream& err);

/// The program's own lines, "smtrain: ...", apart from those of a training log: to `err`, or
/// nowhere when the level hides them.
class Notices {
 public:
  Notices(std::ostream& err, LogLevel level) : err_(err), level_(level) {}

  std::ostream& info() { return level_ <= LogLevel::info ? err_ : nowhere_; }
  std::ostream& warning() { return level_ <= LogLevel::warning ? err_ : nowhere_; }

 private:
  std::ostream& err_;
  const LogLevel level_;
  std::ostream nowhere_{nullptr};
};

}  // namespace smtrain::app
