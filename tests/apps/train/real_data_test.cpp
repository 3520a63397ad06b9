// SPDX-License-Identifier: Apache-2.0

// The repository's recipes on the data that they are for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

namespace smtrain::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The validation accuracy that a model was saved at, having checked that evaluate finds the same.
double accuracy_of(const std::string& model) {
  const app::ModelCard card = app::load_model(model).card;
  std::ostringstream out, err;
  EXPECT_EQ(app::evaluate({.model = model, .settings = {}}, out, err), 0);
  char percent[16];
  std::snprintf(percent, sizeof percent, "(%.2f%%)\n", 100 * card.metric_value);
  EXPECT_THAT(out.str(), HasSubstr(percent));
  return card.metric_value;
}

TEST(RealData, MnistIsLearntInAMinuteOfAnEpoch) {
  const auto mnist = shared_data("mnist");
  if (!mnist) GTEST_SKIP() << "the MNIST files are not at hand";
  const TemporaryDirectory output;
  const Output printed = run_training(SMTRAIN_SOURCE_DIR "/configs/mnist.yaml", *mnist,
                                      output.path(), {{"train.max_steps", "60"}});
  EXPECT_THAT(printed.out, HasSubstr("/10000 ("));
  EXPECT_GT(accuracy_of(output.path().string()), 0.85);
}

TEST(RealData, PhotographsOfCats) {
  const auto cats = shared_data("cats");
  if (!cats) GTEST_SKIP() << "the photographs of cats are not at hand";
  const TemporaryDirectory output;
  const Output printed = run_training(SMTRAIN_SOURCE_DIR "/configs/cats.yaml", *cats, output.path(),
                                      {{"train.max_steps", "100"}, {"data.threads", "2"}});
  EXPECT_EQ(printed.err, "");
  EXPECT_THAT(printed.out, HasSubstr("Train Epoch: 1 [400/"));
  EXPECT_THAT(app::load_model(output.path()).card.classes, ElementsAre("cats", "dogs", "panda"));
  EXPECT_GT(accuracy_of(output.path().string()), 0.3);
}

}  // namespace
}  // namespace smtrain::test
