// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/check/check_config.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kRecipe[] = R"(model: {layers: [flatten, {linear: 2}, log_softmax]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [{resize: [4, 4]}, to_tensor]
train: {epochs: 2, batch_size: 4, schedule: {name: step, step_size: 1, unit: step}}
)";

/// What the command did with a recipe, whose data is in the folder `data` beside it.
class CheckConfig : public testing::Test {
 protected:
  int check(const std::vector<Setting>& settings = {}, bool strict = false) {
    write_file_atomically(file_, std::string_view(kRecipe));
    ConfigCheckCommand command{{.config = file_, .settings = settings, .strict = strict}};
    command.job.variables.set("SM_CHANNEL_TRAINING", directory_ / "data");
    out_.str("");
    err_.str("");
    return check_config(command, out_, err_);
  }

  test::TemporaryDirectory directory_;
  const std::string file_ = directory_ / "cats.yaml";
  std::ostringstream out_, err_;
};

TEST_F(CheckConfig, WithoutData) {
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(out_.str(),
            file_ + ": ok\ndata.train: " + directory_ / "data/train" +
                " is not here; what depends on the data was not checked\n"
                "learning rate (step): needs the data, whose size is the number of steps in an "
                "epoch\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CheckConfig, DataIsCountedWhereItIs) {
  test::write_picture_folder(directory_.path() / "data/train", 2, 9);  // 18 pictures
  EXPECT_EQ(check(), 0);
  EXPECT_THAT(
      out_.str(),
      StartsWith(file_ + ": ok\nlearning rate (step): 10 steps, 5 an epoch\n    0 %  step 0 "));
  EXPECT_EQ(err_.str(), "smtrain: warning: learning_rate_vanishes: " + file_ +
                            ":6:45: train.schedule: the rate falls by the step and is below a "
                            "thousandth of 0.001 from step 4 of 10 on; is unit: epoch meant?\n");
}

TEST_F(CheckConfig, ShowsTheRateThatTrainingUses) {
  const std::vector<Setting> ignored = {{"train.optimizer.lr", "5", "--lr 5"},
                                        {"train.schedule", "{name: constant}", "--set"},
                                        {"quirks.keras_lr", "ignored", "--set"}};
  EXPECT_EQ(check(ignored), 0);
  EXPECT_THAT(out_.str(), EndsWith("learning rate (constant): 0.001 throughout\n"));
  EXPECT_THAT(err_.str(), Not(HasSubstr("wild_learning_rate")));
}

TEST_F(CheckConfig, StrictTakesAWarningForAMistake) {
  EXPECT_EQ(check({}, /*strict=*/true), 0);
  const std::vector<Setting> wild = {{"train.optimizer.lr", "5", "--lr 5"}};
  EXPECT_EQ(check(wild), 0);
  EXPECT_EQ(err_.str(),
            "smtrain: warning: wild_learning_rate: --lr 5: train.optimizer.lr: a rate of 5 is wild "
            "for SGD; "
            "usual is 0.001 to 0.1\n");
  EXPECT_THAT([&] { check(wild, /*strict=*/true); },
              testing::ThrowsMessage<std::invalid_argument>(
                  "wild_learning_rate: --lr 5: train.optimizer.lr: a rate of 5 is wild for SGD; "
                  "usual is 0.001 to 0.1 (refused by --strict)"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("ok")));
}

TEST_F(CheckConfig, DataThatNoChannelGives) {
  write_file_atomically(file_, std::string_view("model: net\ndata: {train: '${split:train}'}\n"));
  ConfigCheckCommand command{.job = {.config = file_}};
  command.job.variables.set("SAGEMAKER_BASE_DIR", directory_.path().string());
  EXPECT_EQ(check_config(command, out_, err_), 0);
  EXPECT_THAT(out_.str(), StartsWith(file_ + ": ok\ndata.train: ${split:train} is not here; "));
}

TEST_F(CheckConfig, PicturesOfDifferentSizesNeedAResize) {
  test::write_picture_folder(directory_.path() / "data/train", 2, 100);
  const std::vector<Setting> unchanged = {{"data.transform", "[to_tensor]", "--set"}};
  EXPECT_EQ(check(unchanged), 0);
  for (const char* name : {"b/90.png", "b/91.png", "b/92.png", "b/93.png", "b/94.png", "b/95.png"})
    data::write_png(directory_.path() / "data/train" / name, test::numbered_picture(1, 3, 9));
  EXPECT_THAT([&] { check(unchanged); },
              testing::ThrowsMessage<BadInput>(AllOf(HasSubstr("pictures of one size are needed"),
                                                     EndsWith("add resize: [H, W]"))));
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(check({{"data.transform", "[to_tensor]", "--set"}, {"data.corrupt", "skip", "--set"}}),
            0);
}

TEST_F(CheckConfig, AMistakeIsNamedAndNothingPrinted) {
  try {
    check({{"train.epochs", "0", "--epochs 0"}});
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "--epochs 0: train.epochs: expected a whole number, at least 1 and at most "
                 "1048576, got '0'");
  }
  EXPECT_EQ(out_.str() + err_.str(), "");
  EXPECT_THROW(check({{"train.schedule", "{name: cosine, unit: epoch, warmup: 2}", "--set"}}),
               std::invalid_argument);
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace smtrain::app
