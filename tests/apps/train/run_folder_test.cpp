// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/run_folder.h"

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// Works in a directory of its own.
class RunFolders : public testing::Test {
 protected:
  RunFolders() { fs::current_path(directory_.path()); }
  ~RunFolders() override { fs::current_path(before_); }

  OutputOptions open(const std::string& name, OutputOptions output = {.dir = "", .model_dir = ""}) {
    const RunFolder folder(output, name, err_);
    folder.link_model();
    return output;
  }

  const fs::path before_ = fs::current_path();
  const test::TemporaryDirectory directory_;
  std::ostringstream err_;
};

TEST_F(RunFolders, AreNumberedAndLinked) {
  const OutputOptions first = open("cats");
  EXPECT_EQ(first.dir, "runs/cats");
  EXPECT_EQ(first.model_dir, "runs/cats");
  EXPECT_EQ(fs::read_symlink("runs/last"), "cats");
  EXPECT_EQ(fs::read_symlink("model"), "runs/cats");
  EXPECT_EQ(open("cats").dir, "runs/cats-2");
  EXPECT_EQ(open("digits").dir, "runs/digits");
  EXPECT_EQ(open("cats").dir, "runs/cats-3");
  EXPECT_EQ(fs::read_symlink("runs/last"), "cats-3");
  EXPECT_EQ(fs::read_symlink("model"), "runs/cats-3");
  fs::remove_all("runs/cats-2");
  EXPECT_EQ(open("cats").dir, "runs/cats-2");
  EXPECT_EQ(err_.str(),
            "smtrain: results go to runs/cats\n"
            "smtrain: results go to runs/cats-2\n"
            "smtrain: results go to runs/digits\n"
            "smtrain: results go to runs/cats-3\n"
            "smtrain: results go to runs/cats-2\n");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator("runs")) names.insert(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre("cats", "cats-2", "cats-3", "digits", "last"));
}

TEST_F(RunFolders, ARecipeCalledLastLeavesTheLinkItsName) {
  EXPECT_EQ(open("last").dir, "runs/last-2");
  EXPECT_EQ(fs::read_symlink("runs/last"), "last-2");
}

TEST_F(RunFolders, AreNotMadeWhereTheRecipeNamesOne) {
  const OutputOptions given = open("cats", {.dir = "a/b", .model_dir = "c"});
  EXPECT_EQ(given.dir, "a/b");
  EXPECT_TRUE(fs::is_directory("a/b"));
  EXPECT_TRUE(fs::is_directory("c"));
  EXPECT_FALSE(fs::exists("runs"));
  EXPECT_FALSE(fs::exists(fs::symlink_status("model")));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(RunFolders, AModelElsewhereIsNotLinked) {
  const OutputOptions output = open("cats", {.dir = "", .model_dir = "elsewhere"});
  EXPECT_EQ(output.dir, "runs/cats");
  EXPECT_EQ(output.model_dir, "elsewhere");
  EXPECT_FALSE(fs::exists(fs::symlink_status("model")));
}

TEST_F(RunFolders, LeaveWhatIsNoLinkAlone) {
  write_file_atomically("model", std::string_view("mine"));
  fs::create_directories("runs/last");
  EXPECT_EQ(open("cats").dir, "runs/cats");
  EXPECT_EQ(test::text_of("model"), "mine");
  EXPECT_EQ(err_.str(),
            "smtrain: results go to runs/cats\n"
            "smtrain: runs/last: is no link and stays as it is; this run's is runs/cats\n"
            "smtrain: model: is no link and stays as it is; this run's is runs/cats\n");
}

TEST_F(RunFolders, ReplaceALinkToNowhere) {
  fs::create_symlink("gone", "model");
  open("cats");
  EXPECT_EQ(fs::read_symlink("model"), "runs/cats");
}

TEST_F(RunFolders, AFileInTheirPlace) {
  write_file_atomically("runs", std::string_view("a file"));
  EXPECT_THAT([&] { open("cats"); },
              testing::ThrowsMessage<std::runtime_error>(
                  "runs: can't be made: Not a directory; --set output.dir=DIR names another place "
                  "for the results"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(RunFolders, WhereNothingCanBeWritten) {
  fs::create_symlink("/proc/self", "runs");  // root may write elsewhere
  EXPECT_THAT([&] { open("cats"); },
              testing::ThrowsMessage<std::runtime_error>(testing::MatchesRegex(
                  "runs/cats: can't be made: (No such file or directory|Operation not permitted|"
                  "Permission denied); --set output.dir=DIR names another place for the results")));
}

TEST_F(RunFolders, ThatStartAtOnceAreDifferent) {
  constexpr int kThreads = 8, kEach = 20;
  std::vector<std::vector<std::string>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& folders : made) {
      threads.emplace_back([&folders] {
        std::ostringstream err;
        for (int i = 0; i < kEach; ++i) {
          OutputOptions output{.dir = "", .model_dir = ""};
          const RunFolder folder(output, "cats", err);
          folder.link_model();
          folders.push_back(output.dir);
        }
        EXPECT_EQ(err.str().find("link"), std::string::npos) << err.str();
      });
    }
  }
  std::set<std::string> all;
  for (const auto& folders : made) all.insert(folders.begin(), folders.end());
  EXPECT_EQ(all.size(), kThreads * kEach);
  EXPECT_TRUE(all.contains("runs/cats-160"));
  EXPECT_TRUE(all.contains(fs::read_symlink("model")));
  EXPECT_TRUE(all.contains("runs/" + fs::read_symlink("runs/last").string()));
}

TEST_F(RunFolders, RunsAreNamedAfterTheirRecipeOrData) {
  fs::create_directories("pets/cats.v2");
  EXPECT_EQ(run_name("configs/cats.yaml", ""), "cats");
  EXPECT_EQ(run_name("", "pets/cats.v2/"), "cats.v2");
  EXPECT_EQ(run_name("", "pets/../pets"), "pets");
  EXPECT_EQ(run_name("", "pets/digits.npz"), "digits");
  EXPECT_EQ(run_name("", "."), directory_.path().filename());
  EXPECT_EQ(run_name("", "/"), "run");
}

TEST_F(RunFolders, HoldTheResultsOfTraining) {
  test::write_picture_folder("data/train", 2, 3);
  test::write_picture_folder("data/validation", 2, 1);
  write_file_atomically("pair.yaml", std::string_view(R"(
model: {layers: [flatten, {linear: 2}, log_softmax]}
data: {train: data/train, validation: data/validation, transform: [to_tensor]}
train: {epochs: 1, batch_size: 2, threads: 1}
device: cpu
)"));
  for (const char* folder : {"runs/pair", "runs/pair-2"}) {
    std::ostringstream out, err;
    EXPECT_EQ(train({.config = "pair.yaml", .settings = {}, .variables = {}}, out, err), 0);
    EXPECT_THAT(err.str(), testing::StartsWith(std::string("smtrain: results go to ") + folder +
                                               "\nsmtrain: version "));
    EXPECT_THAT(test::text_of(std::string(folder) + "/recipe.yaml"),
                testing::HasSubstr(std::string("  dir: ") + folder + "\n  model_dir: " + folder));
  }
  EXPECT_EQ(test::text_of("runs/pair/model.safetensors"),
            test::text_of("runs/pair-2/model.safetensors"));
  for (const char* model : {"runs/last", "model"}) {
    std::ostringstream out, err;
    EXPECT_EQ(evaluate({.model = model, .settings = {}}, out, err), 0);
    EXPECT_THAT(out.str(), testing::HasSubstr("/2 ("));
  }
}

TEST_F(RunFolders, ARunThatFailsLeavesTheLinkToTheModel) {
  test::write_picture_folder("data/train", 2, 3);
  write_file_atomically("pair.yaml", std::string_view(R"(
model: {layers: [flatten, {linear: 8}, relu, {linear: 2}, log_softmax]}
data: {train: data/train, transform: [to_tensor]}
train: {epochs: 1, batch_size: 1, threads: 1, optimizer: {lr: 0.1}}
device: cpu
)"));
  std::ostringstream out, err;
  train({.config = "pair.yaml", .settings = {}, .variables = {}}, out, err);
  JobArguments again{.config = "pair.yaml", .settings = {}, .variables = {}};
  again.settings = {{"train.optimizer.lr", "1e30", "--lr 1e30"}};
  EXPECT_THROW(train(again, out, err), std::runtime_error);
  EXPECT_EQ(fs::read_symlink("model"), "runs/pair");
  EXPECT_EQ(fs::read_symlink("runs/last"), "pair-2");
}

}  // namespace
}  // namespace smtrain::app
