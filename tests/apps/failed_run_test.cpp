// SPDX-License-Identifier: Apache-2.0

// What goes wrong while the program trains: damaged pictures, results that can't be written, a loss
// that is not a number. The model of an earlier run stays what it is.

#include "smtrain/apps/model/model_file.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/small_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

namespace smtrain::test {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A job in which two of six training pictures can't be read: one is no picture, one is huge.
class DamagedPictures : public testing::Test {
 protected:
  DamagedPictures() {
    write(job_ / "data/train/a/01.png", "no picture");
    write(job_ / "data/train/b/02.png", "P5\n60000 60000\n255\n");
  }

  std::string damaged(const std::string& action) const {
    return job_.in_place("smtrain: " + action +
                         ": decode: @/data/train/a/01.png: expected "
                         "JPEG, PNG, WebP, BMP, GIF, TGA or PNM, but the file starts with 6e "
                         "6f 20 70 69 63 74 75\n"
                         "smtrain: " +
                         action +
                         ": decode: @/data/train/b/02.png: the picture "
                         "is too large, 60000x60000 pixels (at most 178956970 are "
                         "allowed)\n");
  }

  const SmallJob job_;
};

TEST_F(DamagedPictures, AreLeftOutAndListed) {
  for (const char* cache : {"none", "ram"}) {
    const ProgramResult result =
        job_.train({"data.corrupt=skip", "log.interval=1", std::string("data.cache=") + cache});
    EXPECT_EQ(result.err, damaged("left out"));
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, HasSubstr("Train Epoch: 1 [4/4 (100%)]"));
  }
}

TEST_F(DamagedPictures, AreReplacedAndListed) {
  const ProgramResult result = job_.train({"data.corrupt=replace", "log.interval=1"});
  EXPECT_EQ(result.err, damaged("replaced"));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("Train Epoch: 1 [6/6 (100%)]"));
}

TEST_F(DamagedPictures, AreNotListedWhereOnlyErrorsAre) {
  EXPECT_EQ(job_.train({"data.corrupt=skip", "log.level=error"}).err, "");
}

TEST_F(DamagedPictures, StopTrainingAndTheModelIsYesterdays) {
  for (const char* threads : {"0", "2"}) {
    const ProgramResult result = job_.train({std::string("data.threads=") + threads});
    EXPECT_EQ(result.exit_code, kMistake);
    EXPECT_THAT(result.err, StartsWith("smtrain: decode: " + job_ / "data/train/"));
    EXPECT_THAT(result.err, EndsWith("; data.corrupt: skip leaves such pictures out\n"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    const auto files = files_below(job_.path() / "out");
    EXPECT_EQ(text_of(job_ / "out/model.safetensors"), "yesterday's model");
    EXPECT_FALSE(files.contains("model.pth"));
  }
}

TEST_F(DamagedPictures, ADanglingLinkIsOneToo) {
  fs::create_symlink("nowhere", job_ / "data/validation/a/99.png");
  const ProgramResult result = job_.train({"data.corrupt=skip"});
  EXPECT_THAT(result.err, HasSubstr(job_ / "data/validation/a/99.png" +
                                    ": cannot open: No such file or directory\n"));
  EXPECT_EQ(result.exit_code, 0);
}

TEST(UnreadablePictures, WithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const SmallJob job;
  fs::permissions(job.path() / "data/train/a", fs::perms::none);
  const ProgramResult result = job.train();
  fs::permissions(job.path() / "data/train/a", fs::perms::owner_all);
  EXPECT_EQ(result.err,
            "smtrain: ImageFolder: cannot list " + job / "data/train/a" + ": Permission denied\n");
  EXPECT_EQ(result.exit_code, kMistake);
}

TEST(FullDisk, TheModelIsYesterdaysAndNoTemporaryFileIsLeft) {
  const SmallJob job;
  const ProgramResult result =
      job.train({"model={layers: [flatten, {linear: 100}, {linear: 2}, log_softmax]}"},
                {.max_file_bytes = 10'000});
  EXPECT_EQ(result.err,
            "smtrain: " + job / "out/model.safetensors" + ": cannot write: File too large\n");
  EXPECT_EQ(result.exit_code, kFailed);
  for (const auto& [name, hash] : files_below(job.path() / "out")) {
    EXPECT_FALSE(name.starts_with('.')) << name << " is left over";
    EXPECT_NE(name, "model.pth");
  }
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
}

TEST(FullDisk, MetricsThatCannotBeWrittenStopTraining) {
  const SmallJob job;
  fs::create_symlink("/dev/full", job / "out/metrics.jsonl");
  const ProgramResult result = job.train({"log.interval=1"});
  EXPECT_EQ(result.err, "smtrain: " + job / "out/metrics.jsonl" +
                            ": can't be written: No space left on device\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
}

TEST(FullDisk, TrainingGoesOnWithoutACache) {
  const SmallJob job;
  const ProgramResult result =
      job.train({"data.cache=disk", "data.cache_dir=@/cache",
                 "data.transform=[{resize: 100}, random_horizontal_flip, {resize: 4}, to_tensor]"},
                {.max_file_bytes = 50'000});
  EXPECT_THAT(result.err, StartsWith("smtrain: cache: going on without one: " + job / "cache/"));
  EXPECT_EQ(result.exit_code, 0);
  const auto files = files_below(job.path() / "cache");
  ASSERT_EQ(files.size(), 1);  // of the validation pictures, which stay small
  EXPECT_THAT(files.begin()->first, StartsWith("smtrain-cache-"));
}

TEST(FullDisk, LinesThatCannotBePrintedAreAFailure) {
  const SmallJob job;
  const ProgramResult result = job.run({"--help"}, {.standard_output = "/dev/full"});
  EXPECT_EQ(result.err, "smtrain: standard output: cannot be written\n");
  EXPECT_EQ(result.exit_code, kFailed);
}

TEST(Output, LinesForAClosedStandardOutputGoNowhere) {
  const SmallJob job;
  ASSERT_EQ(job.train({"log.interval=1"}, {.closed_output = true}).exit_code, 0);
  std::istringstream metrics(text_of(job / "out/metrics.jsonl"));
  for (std::string line; std::getline(metrics, line);) EXPECT_EQ(line.front(), '{') << line;
}

TEST(Output, PicturesThatCannotBeWrittenCostNoModel) {
  const SmallJob job;
  fs::create_directories(job / "out/predictions.png/in_the_way");
  const ProgramResult result = job.train();
  EXPECT_EQ(result.err,
            "smtrain: " + job / "out/predictions.png" + ": cannot replace: Is a directory\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(app::load_model(job.path() / "out").card.epoch, 2);
}

TEST(Output, AFolderThatCannotBeMade) {
  const SmallJob job;
  const ProgramResult result = job.train({"output.dir=@/recipe.yaml/out"});
  EXPECT_EQ(result.err,
            "smtrain: " + job / "recipe.yaml/out" + ": can't be made: Not a directory\n");
  EXPECT_EQ(result.exit_code, kFailed);
}

constexpr char kWarned[] =
    "smtrain: warning: wild_learning_rate: --set train.optimizer.lr=1e30: train.optimizer.lr: a "
    "rate of "
    "1e+30 is wild for SGD; usual is 0.001 to 0.1\n";

TEST(NanLoss, NamesStepAndLayer) {
  const SmallJob job;
  const ProgramResult result =
      job.train({"model={layers: [flatten, {linear: 8}, relu, {linear: 2}, log_softmax]}",
                 "train.optimizer.lr=1e30"});
  EXPECT_EQ(result.err,
            std::string(kWarned) +
                "smtrain: train: epoch 1, step 2: the loss is nan; first in the result of linear "
                "(3.weight)\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
  EXPECT_FALSE(fs::exists(job / "out/model.pth"));
}

TEST(NanLoss, WeightsThatAreNotFiniteAreNotSaved) {
  const SmallJob job;
  const ProgramResult result = job.train(
      {"train.max_steps=1", "train.optimizer.lr=1e30", "train.optimizer.weight_decay=1e30"});
  EXPECT_EQ(
      result.err,
      std::string(kWarned) +
          "smtrain: warning: epoch 1: the loss on validation data is nan\n"
          "smtrain: train: epoch 1, step 1: 1.weight is not finite; the model is not saved\n");
  EXPECT_EQ(result.exit_code, kFailed);
  EXPECT_EQ(text_of(job / "out/model.safetensors"), "yesterday's model");
  EXPECT_FALSE(fs::exists(job / "out/model.pth"));
}

}  // namespace
}  // namespace smtrain::test
