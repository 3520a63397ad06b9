// SPDX-License-Identifier: Apache-2.0

// The repository's recipes on the data that they are for.

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace smtrain::test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

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

/// The losses of training steps in a log of style pytorch.
std::vector<double> losses_of(const std::string& log) {
  static const std::regex kLoss("Train Epoch: .* Loss: (.*)");
  std::vector<double> losses;
  for (std::sregex_iterator line(log.begin(), log.end(), kLoss), end; line != end; ++line) {
    losses.push_back(std::stod((*line)[1]));
  }
  return losses;
}

TEST(RealData, MnistIsLearntInAMinuteOfAnEpochInEitherPrecision) {
  const auto mnist = shared_data("mnist");
  if (!mnist) GTEST_SKIP() << "the MNIST files are not at hand";
  const auto train_in = [&](const std::string& precision) {
    const TemporaryDirectory output;
    const Output printed =
        run_training(SMTRAIN_SOURCE_DIR "/configs/mnist.yaml", *mnist, output.path(),
                     {{"train.max_steps", "60"},
                      {"precision", precision},
                      {"log.style", "pytorch"},
                      {"log.interval", "20"}});
    EXPECT_THAT(printed.out, HasSubstr("/10000 (")) << printed.err;
    return std::pair{losses_of(printed.out), accuracy_of(output.path().string())};
  };
  const auto [f32_losses, f32_accuracy] = train_in("f32");
  const auto [bf16_losses, bf16_accuracy] = train_in("bf16");
  EXPECT_GT(f32_accuracy, 0.85);
  EXPECT_NEAR(bf16_accuracy, f32_accuracy, 0.02);  // of 10000 digits
  // The same digits and dropout masks: only rounding to 8 bits parts the losses.
  EXPECT_EQ(f32_losses.size(), 3u);
  EXPECT_NE(bf16_losses, f32_losses);
  EXPECT_THAT(bf16_losses, Pointwise(DoubleNear(0.1), f32_losses));
}

TEST(RealData, PhotographsOfCats) {
  const auto cats = shared_data("cats");
  if (!cats) GTEST_SKIP() << "the photographs of cats are not at hand";
  const TemporaryDirectory output;
  const Output printed =
      run_training(SMTRAIN_SOURCE_DIR "/configs/cats.yaml", *cats, output.path(),
                   {{"train.max_steps", "50"}, {"log.interval", "10"}, {"data.threads", "2"}});
  EXPECT_EQ(printed.err, "");
  // PyTorch's, from bench/results/cats-1-epochs-seed-1-pytorch.log: the same seed, on the pixels
  // that Pillow decodes from these photographs.
  EXPECT_THAT(losses_of(printed.out),
              Pointwise(DoubleNear(5e-5), {1.199078, 1.110581, 1.095450, 1.104775, 1.168147}));
  EXPECT_THAT(app::load_model(output.path()).card.classes, ElementsAre("cats", "dogs", "panda"));
  accuracy_of(output.path().string());  // evaluate() reads the photographs too
}

}  // namespace
}  // namespace smtrain::test
