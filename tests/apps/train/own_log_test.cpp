// SPDX-License-Identifier: Apache-2.0

// A program that trains with a log of its own.

#include "smtrain/apps/model/model_file.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace smtrain::test {
namespace {

using testing::ElementsAre;

/// Notes what it is told, and asks to stop after so many steps.
class Notebook : public app::TrainingLog {
 public:
  explicit Notebook(int64_t stop_after) : stop_after_(stop_after) {}

  bool wants_to_stop() const override { return steps_ >= stop_after_; }

  void start(const app::JobSummary& job) override {
    note("start", job.training.share);
    EXPECT_EQ(job.training.all, job.training.share);
    EXPECT_FALSE(job.distributed);
    EXPECT_EQ(job.gpus, 0);
    ASSERT_TRUE(job.validation);
    EXPECT_EQ(job.validation->share, 3);
    EXPECT_EQ(job.training_shape, (Shape{job.training.share, 2, 2, 1}));
  }
  void epoch_start(const app::Progress& p) override {
    note("epoch_start", p.epoch);
    EXPECT_EQ(p.samples_seen, 0);
    EXPECT_EQ(p.samples, 10);
    EXPECT_EQ(p.batches, 3);
  }
  void step(const app::Progress& p) override {
    ++steps_;
    note("step", p.samples_seen);
    EXPECT_GT(p.loss_sum, 0);
    correct = p.correct;
  }
  void epoch_end(const app::EpochMetrics& epoch) override {
    note("epoch_end", epoch.epoch);
    EXPECT_EQ(epoch.steps, steps_);
    evaluations += epoch.validation ? 1 : 0;
  }
  void saving() override { notes.push_back("saving"); }
  void finished() override { notes.push_back("finished"); }

  std::vector<std::string> notes;
  int64_t evaluations = 0, correct = 0;

 private:
  void note(const std::string& what, int64_t number) {
    notes.push_back(what + " " + std::to_string(number));
  }

  const int64_t stop_after_;
  int64_t steps_ = 0;
};

class OwnLog : public testing::Test {
 protected:
  OwnLog() {
    write_tiny_pictures(directory_.path(), "train", 10);
    write_tiny_pictures(directory_.path(), "t10k", 3);
    app::Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path());
    variables.set("SM_OUTPUT_DATA_DIR", directory_ / "out");
    recipe_ = app::read_recipe(kTinyRecipe, "recipe.yaml", {}, variables);
    recipe_.output.model_dir = directory_ / "out";
    recipe_.device = "cpu";
    recipe_.train.threads = 1;
    recipe_.train.eval_every = 2;
  }

  void train(Notebook& log) {
    std::ostringstream err;
    app::train_model(recipe_, log, err);
  }

  const TemporaryDirectory directory_;
  app::Recipe recipe_;
};

TEST_F(OwnLog, IsToldOfEveryStep) {
  Notebook log(/*stop_after=*/1000);
  train(log);
  EXPECT_THAT(log.notes, ElementsAre("start 10", "epoch_start 1", "step 4", "step 8", "step 10",
                                     "epoch_end 1", "epoch_start 2", "step 4", "step 8", "step 10",
                                     "epoch_end 2", "saving", "finished"));
  EXPECT_EQ(log.evaluations, 1);
}

TEST_F(OwnLog, MayStopTrainingWhichEvaluatesAndSaves) {
  Notebook log(/*stop_after=*/2);
  train(log);
  EXPECT_THAT(log.notes, ElementsAre("start 10", "epoch_start 1", "step 4", "step 8", "epoch_end 1",
                                     "saving", "finished"));
  EXPECT_EQ(log.evaluations, 1);
  EXPECT_EQ(app::load_model(directory_ / "out").card.epoch, 1);
}

TEST_F(OwnLog, CountsWhatWasRight) {
  recipe_.train.epochs = 40;
  Notebook log(/*stop_after=*/1000);
  train(log);
  EXPECT_EQ(log.correct, 10);
}

}  // namespace
}  // namespace smtrain::test
