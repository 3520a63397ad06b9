// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/notices.h"

#include <map>
#include <string>

namespace smtrain::app {

LogLevel log_level(const LogOptions& log, const Variables& variables, std::ostream& err) {
  static const std::map<std::string, LogLevel> kPythonLevels = {{"10", LogLevel::debug},
                                                                {"20", LogLevel::info},
                                                                {"30", LogLevel::warning},
                                                                {"40", LogLevel::error},
                                                                {"50", LogLevel::error}};
  if (log.level != LogLevel::automatic) return log.level;
  const std::string number = variables.get("SM_LOG_LEVEL").value_or("");
  if (number.empty()) return LogLevel::info;
  const auto level = kPythonLevels.find(number);
  if (level != kPythonLevels.end()) return level->second;
  err << "smtrain: SM_LOG_LEVEL: expected 10, 20, 30, 40 or 50, got '" << number
      << "'; the level is info\n";
  return LogLevel::info;
}

}  // namespace smtrain::app
