// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/doctor/doctor.h"

#include "smtrain/apps/doctor/probe.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const std::vector<std::string> kWords = {"build",      "processor", "oneDNN",  "GPU",    "memory",
                                         "processors", "/dev/shm",  "scratch", "/opt/ml"};
const std::map<std::string, std::string> kSpeeds = {
    {"memory copy", "GB/s"},        {"matmul", "GFLOP/s"},
    {"conv2d 7x7 3-6", "GFLOP/s"},  {"conv2d 3x3 64-64", "GFLOP/s"},
    {"JPEG, 1 thread", "images/s"}, {"JPEG, all threads", "images/s"},
    {"scratch write", "MB/s"},      {"scratch read", "MB/s"}};

/// TMPDIR has another value for as long as the object lives.
class OtherTmpdir {
 public:
  explicit OtherTmpdir(const std::string& folder) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", folder.c_str(), 1);
  }
  ~OtherTmpdir() {
    if (before_) {
      ::setenv("TMPDIR", before_->c_str(), 1);
    } else {
      ::unsetenv("TMPDIR");
    }
  }

 private:
  std::optional<std::string> before_;
};

TEST(Doctor, PrintsEveryRowAndLeavesNothing) {
  const test::TemporaryDirectory directory;
  const OtherTmpdir tmpdir(directory.path().string());
  std::ostringstream out;
  EXPECT_EQ(doctor({}, out), 0);
  std::vector<std::string> lines;
  std::istringstream table(out.str());
  for (std::string line; std::getline(table, line);) lines.push_back(line);
  EXPECT_EQ(lines.size(), kWords.size() + kSpeeds.size());
  for (const std::string& name : kWords)
    EXPECT_THAT(lines, testing::Contains(testing::StartsWith(name + " "))) << name;
  for (const auto& [name, unit] : kSpeeds) {
    EXPECT_THAT(lines, testing::Contains(testing::AllOf(testing::StartsWith(name + " "),
                                                        HasSubstr(" " + unit + " "),
                                                        testing::ContainsRegex("ok$|below|above"))))
        << name;
  }
  EXPECT_THAT(out.str(), HasSubstr(" in " + directory.path().string() + "\n"));
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(Doctor, PrintsTheSameAsJson) {
  std::ostringstream out;
  EXPECT_EQ(doctor({.json = true}, out), 0);
  const json report = json::parse(out.str());
  EXPECT_EQ(report["usable"], true);
  std::map<std::string, json> rows;
  for (const json& row : report["rows"]) rows[row["name"]] = row;
  EXPECT_EQ(rows.size(), kWords.size() + kSpeeds.size());
  for (const std::string& name : kWords) {
    ASSERT_TRUE(rows.contains(name)) << name;
    EXPECT_EQ(rows[name]["usable"], true);
    EXPECT_FALSE(rows[name]["text"].get<std::string>().empty()) << name;
    EXPECT_FALSE(rows[name].contains("verdict"));
  }
  for (const auto& [name, unit] : kSpeeds) {
    ASSERT_TRUE(rows.contains(name)) << name;
    EXPECT_GT(rows[name]["number"].get<double>(), 0) << name;
    EXPECT_EQ(rows[name]["unit"], unit);
    EXPECT_THAT(rows[name]["verdict"].get<std::string>(),
                testing::ContainsRegex("^ok$|^low: below |^high: above "));
  }
  EXPECT_THAT(rows["build"]["text"].get<std::string>(), testing::StartsWith("smtrain "));
  EXPECT_THAT(rows["GPU"]["text"].get<std::string>(), HasSubstr("jobs run on "));
}

TEST(Doctor, AScratchFolderThatIsMissingIsNamedAndItsExitCodeIs1) {
  const OtherTmpdir tmpdir("/nowhere/at\xff");
  std::ostringstream table, text;
  EXPECT_EQ(doctor({}, table), 1);
  EXPECT_THAT(table.str(), HasSubstr("scratch            unusable: TMPDIR /nowhere/at\xff: "
                                     "No such file or directory\n"));
  EXPECT_THAT(table.str(), HasSubstr("\nmatmul "));  // the rest goes on

  EXPECT_EQ(doctor({.json = true}, text), 1);
  const json report = json::parse(text.str());
  EXPECT_EQ(report["usable"], false);
  EXPECT_EQ(report["rows"][7]["name"], "scratch");
  EXPECT_EQ(report["rows"][7]["usable"], false);
}

TEST(Probes, AScratchFolderThatCannotBeWrittenIsNamed) {
  const OtherTmpdir tmpdir("/proc");
  EXPECT_THAT([] { ScratchProbe{}.run(); },
              testing::ThrowsMessage<std::runtime_error>(
                  testing::StartsWith("/proc: no file can be made: ")));
  EXPECT_THAT([] { DiskWriteProbe{}.run(); }, testing::Throws<std::runtime_error>());
}

TEST(Probes, SageMakersFoldersAreListed) {
  const test::TemporaryDirectory directory;
  SageMakerProbe probe;
  probe.variables.set("SAGEMAKER_BASE_DIR", directory / "none");
  EXPECT_EQ(probe.run().text, directory / "none" + " is not there");
  fs::create_directories(directory.path() / "input/data");
  fs::create_directories(directory.path() / "model");
  probe.variables.set("SAGEMAKER_BASE_DIR", directory.path().string());
  EXPECT_EQ(probe.run().text,
            "input/data writable, model writable, output missing, checkpoints missing");
}

}  // namespace
}  // namespace smtrain::app
