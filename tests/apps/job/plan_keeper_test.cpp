// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/plan_keeper.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/planned_device.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// An environment variable for as long as it lives; null: not set.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1);
  }

  const char* name_;
  std::optional<std::string> before_;
};

class PlanKeeping : public testing::Test {
 protected:
  PlanKeeping() {
    fs::create_directories(run());
    test::planned_device() = {};
  }

  std::string cache() const { return directory_ / "cache"; }
  std::string run() const { return directory_ / "run"; }
  std::string machine_file() const { return cache() + "/NVIDIA-X--cuDNN-1.2.3.txt"; }

  PlanKeeper keeper() { return PlanKeeper(recipe_, test::planned_cpu(), warnings_); }

  test::TemporaryDirectory directory_;
  const Variable variable_{"SMTRAIN_PLAN_CACHE", cache().c_str()};
  Recipe recipe_;
  std::ostringstream warnings_;
};

TEST_F(PlanKeeping, PlansOfAJobAreTakenByTheNext) {
  keeper();
  EXPECT_TRUE(test::planned_device().timing);
  test::planned_device().chosen = {{"timed", {"70 2=5", 0.5F}}, {"untimed", {"1", 0}}};
  keeper().save(run());
  EXPECT_EQ(read_device_plans(run() + "/plans.txt"), chosen_plans(test::planned_cpu()));
  EXPECT_EQ(read_device_plans(machine_file()).of_operation.size(), 1u);

  test::planned_device() = {};
  keeper();
  ASSERT_EQ(test::planned_device().told.size(), 1u);
  EXPECT_EQ(test::planned_device().told.at("timed").name, "70 2=5");
  EXPECT_EQ(warnings_.str(), "");
}

TEST_F(PlanKeeping, RunThatGoesOnInItsFolderKeepsItsPlans) {
  test::planned_device().chosen = {{"timed", {"the run's", 0.5F}}, {"untimed", {"1", 0}}};
  keeper().save(run());
  fs::remove(machine_file());
  add_device_plans(machine_file(), {.valid_for = "NVIDIA X, cuDNN 1.2.3",
                                    .of_operation = {{"timed", {"the machine's", 0.4F}}}});
  test::planned_device() = {};
  recipe_.output.dir = run();
  keeper();
  EXPECT_EQ(test::planned_device().told.at("timed").name, "the run's");
  EXPECT_EQ(test::planned_device().told.at("untimed").name, "1");
}

TEST_F(PlanKeeping, RecipeThatTimesNoneTakesTheFirstOfTheLibrary) {
  test::planned_device().chosen = {{"timed", {"70 2=5", 0.5F}}};
  keeper().save(run());
  recipe_.output.dir = run();
  recipe_.train.time_plans = false;
  keeper();
  take_known_plans(recipe_, test::planned_cpu(), warnings_);
  EXPECT_FALSE(test::planned_device().timing);
  EXPECT_TRUE(test::planned_device().told.empty());
}

TEST_F(PlanKeeping, SwitchedOffTimesNoneAndKeepsNoneOnTheMachine) {
  const Variable off_switch("SMTRAIN_PLAN_CACHE", "off");
  test::planned_device().chosen = {{"timed", {"70 2=5", 0.5F}}};
  PlanKeeper off = keeper();
  EXPECT_FALSE(test::planned_device().timing);
  off.save(run());
  EXPECT_TRUE(is_file(run() + "/plans.txt"));  // what the run computed by
  EXPECT_FALSE(fs::exists(cache()));
  EXPECT_FALSE(fs::exists("off"));
}

TEST_F(PlanKeeping, BrokenFileIsSaidIgnoredAndReplaced) {
  fs::create_directories(cache());
  write_file_atomically(machine_file(), "hostile\n");
  PlanKeeper one = keeper();
  EXPECT_EQ(warnings_.str(), "smtrain: " + machine_file() +
                                 ":1: expected 'smtrain plans 1'; its plans are not used\n");
  EXPECT_TRUE(test::planned_device().told.empty());
  test::planned_device().chosen = {{"timed", {"70 2=5", 0.5F}}};
  one.save(run());
  EXPECT_EQ(read_device_plans(machine_file()).of_operation.size(), 1u);
}

TEST_F(PlanKeeping, PlaceThatCannotBeWrittenIsSaidOnce) {
  write_file_atomically(directory_ / "cache", "a file where the folder should be");
  test::planned_device().chosen = {{"timed", {"70 2=5", 0.5F}}};
  PlanKeeper one = keeper();
  one.save(run());
  EXPECT_THAT(warnings_.str(), testing::EndsWith("; later jobs will time their plans anew\n"));
  const std::string said = warnings_.str();
  test::planned_device().chosen["more"] = {"1", 0.25F};
  one.save(run());
  EXPECT_EQ(warnings_.str(), said);
  EXPECT_EQ(read_device_plans(run() + "/plans.txt").of_operation.size(), 2u);
}

TEST_F(PlanKeeping, DeviceWithoutPlansLeavesNoFile) {
  PlanKeeper(recipe_, Device::cpu(), warnings_).save(run());
  EXPECT_TRUE(fs::is_empty(run()));
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(PlanKeeping, MachinesFileLiesInTheUsersCache) {
  const DevicePlans plans = chosen_plans(test::planned_cpu());
  const Variable none("SMTRAIN_PLAN_CACHE", nullptr), home("HOME", "/h");
  {
    const Variable of_the_user("XDG_CACHE_HOME", "/x");
    EXPECT_EQ(machine_plans_file(plans), "/x/smtrain/plans/NVIDIA-X--cuDNN-1.2.3.txt");
  }
  const Variable no_cache("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(machine_plans_file(plans), "/h/.cache/smtrain/plans/NVIDIA-X--cuDNN-1.2.3.txt");
}

}  // namespace
}  // namespace smtrain::app
