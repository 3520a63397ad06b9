// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/notices.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

struct Resolved {
  LogLevel level;
  std::string err;

  bool operator==(const Resolved&) const = default;
};

Resolved resolve(LogLevel level, const std::string& variable) {
  Variables variables;
  variables.set("SM_LOG_LEVEL", variable);
  std::ostringstream err;
  const LogLevel resolved = log_level({.level = level}, variables, err);
  return {resolved, err.str()};
}

TEST(LogLevel, ComesFromTheContainerUnlessTheRecipeSaysOne) {
  EXPECT_EQ(resolve(LogLevel::automatic, ""), (Resolved{LogLevel::info, ""}));
  EXPECT_EQ(resolve(LogLevel::automatic, "10"), (Resolved{LogLevel::debug, ""}));
  EXPECT_EQ(resolve(LogLevel::automatic, "20"), (Resolved{LogLevel::info, ""}));
  EXPECT_EQ(resolve(LogLevel::automatic, "30"), (Resolved{LogLevel::warning, ""}));
  EXPECT_EQ(resolve(LogLevel::automatic, "40"), (Resolved{LogLevel::error, ""}));
  EXPECT_EQ(resolve(LogLevel::automatic, "50"), (Resolved{LogLevel::error, ""}));
  EXPECT_EQ(resolve(LogLevel::info, "40"), (Resolved{LogLevel::info, ""}));
  EXPECT_EQ(resolve(LogLevel::warning, "loud"), (Resolved{LogLevel::warning, ""}));
}

TEST(LogLevel, AMalformedVariableIsAWarningAndInfo) {
  for (const std::string bad : {"loud", "15", "020", " 20", "-10", "INFO"}) {
    EXPECT_EQ(
        resolve(LogLevel::automatic, bad),
        (Resolved{LogLevel::info, "smtrain: SM_LOG_LEVEL: expected 10, 20, 30, 40 or 50, got '" +
                                      bad + "'; the level is info\n"}));
  }
}

TEST(Notices, AreHiddenBelowTheLevel) {
  const auto printed = [](LogLevel level) {
    std::ostringstream err;
    Notices notices(err, level);
    notices.info() << "i" << std::endl;
    notices.warning() << "w" << std::endl;
    return err.str();
  };
  EXPECT_EQ(printed(LogLevel::automatic), "i\nw\n");
  EXPECT_EQ(printed(LogLevel::debug), "i\nw\n");
  EXPECT_EQ(printed(LogLevel::info), "i\nw\n");
  EXPECT_EQ(printed(LogLevel::warning), "w\n");
  EXPECT_EQ(printed(LogLevel::error), "");
}

}  // namespace
}  // namespace smtrain::app
