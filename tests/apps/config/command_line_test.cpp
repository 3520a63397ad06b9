// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Kind>
Kind parse(std::vector<std::string> arguments) {
  return std::get<Kind>(parse_command_line(std::move(arguments)));
}

std::string mistake_in(std::vector<std::string> arguments) {
  try {
    parse_command_line(std::move(arguments));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

auto is_setting(const char* key, const char* value, const char* origin) {
  return testing::AllOf(testing::Field(&Setting::key, key), testing::Field(&Setting::value, value),
                        testing::Field(&Setting::origin, origin));
}

TEST(CommandLine, TrainIsTheDefault) {
  EXPECT_EQ(parse<TrainCommand>({"--config", "cats.yaml"}).config, "cats.yaml");
  EXPECT_EQ(parse<TrainCommand>({"--config=cats.yaml"}).config, "cats.yaml");
  EXPECT_EQ(parse<TrainCommand>({"train", "--config", "cats.yaml"}).config, "cats.yaml");
}

TEST(CommandLine, SetComesBeforeTheFlags) {
  const auto train = parse<TrainCommand>(
      {"--config", "c", "--lr", "0.1", "--set", "train.optimizer.name=adam", "--set=train.seed=2"});
  EXPECT_THAT(train.settings, ElementsAre(is_setting("train.optimizer.name", "adam",
                                                     "--set train.optimizer.name=adam"),
                                          is_setting("train.seed", "2", "--set train.seed=2"),
                                          is_setting("train.optimizer.lr", "0.1", "--lr 0.1")));
}

TEST(CommandLine, DashAndUnderscoreAreAlike) {
  for (const char* name : {"--test-batch-size", "--test_batch_size", "--test_batch-size"}) {
    EXPECT_THAT(parse<TrainCommand>({"--config", "c", name, "8"}).settings,
                ElementsAre(is_setting("train.test_batch_size", "8", "--test-batch-size 8")));
  }
}

TEST(CommandLine, TakesTheFirstArticlesArguments) {
  const auto train =
      parse<TrainCommand>({"--config",       "c",      "--backend",         "gloo",
                           "--epochs",       "30",     "--batch-size",      "4",
                           "--lr",           "0.001",  "--momentum",        "0.9",
                           "--seed",         "1",      "--hosts",           "[\"algo-1\"]",
                           "--current-host", "algo-1", "--model-dir",       "/model",
                           "--data-dir",     "/data",  "--log-interval",    "100",
                           "--num-gpus",     "0",      "--test-batch-size", "4"});
  const Recipe recipe = read_recipe("model: net\ndata: {train: '${channel:training}/train'}\n", "c",
                                    train.settings, train.variables);
  EXPECT_EQ(recipe.train.epochs, 30);
  EXPECT_EQ(recipe.train.batch_size, 4);
  EXPECT_EQ(recipe.train.optimizer,
            OptimizerOptions(optim::SgdOptions{.lr = 0.001, .momentum = 0.9}));
  EXPECT_EQ(recipe.distributed.backend, "gloo");
  EXPECT_THAT(recipe.distributed.hosts, ElementsAre("algo-1"));
  EXPECT_EQ(recipe.output.model_dir, "/model");
  EXPECT_EQ(recipe.data.train.path, "/data/train");
  EXPECT_EQ(recipe.device, "cpu");
}

TEST(CommandLine, OtherCommands) {
  const auto evaluate = parse<EvaluateCommand>({"evaluate", "--model", "m", "--data", "d"});
  EXPECT_EQ(evaluate.model, "m");
  EXPECT_THAT(evaluate.settings, ElementsAre(is_setting("data.validation", "d", "--data d")));
  const auto predict =
      parse<PredictCommand>({"predict", "--model", "m", "a.png", "b", "--top", "3"});
  EXPECT_THAT(predict.images, ElementsAre("a.png", "b"));
  EXPECT_EQ(predict.top, 3);
  const auto dashed = parse<PredictCommand>({"predict", "--model", "m", "--", "--my_cat.png"});
  EXPECT_THAT(dashed.images, ElementsAre("--my_cat.png"));
  EXPECT_THAT(parse<InspectCommand>({"inspect", "a.pth", "b"}).files, ElementsAre("a.pth", "b"));
  const auto digits =
      parse<SynthDigitsCommand>({"data", "synth", "digits", "--out", "d", "--train", "100"});
  EXPECT_EQ(digits.out, "d");
  EXPECT_EQ(digits.train, 100);
  EXPECT_EQ(digits.test, 10'000);
}

TEST(CommandLine, HelpAndVersionArePrinted) {
  EXPECT_THAT(parse<PrintCommand>({}).text, HasSubstr("evaluate"));
  EXPECT_THAT(parse<PrintCommand>({"--help"}).text, HasSubstr("evaluate"));
  EXPECT_THAT(parse<PrintCommand>({"train", "--help"}).text, HasSubstr("(train.epochs)"));
  EXPECT_THAT(parse<PrintCommand>({"--version"}).text, testing::MatchesRegex("smtrain [0-9.]+\n"));
}

TEST(CommandLine, NamesWhatIsWrong) {
  EXPECT_EQ(mistake_in({"trian"}), "unknown command 'trian'; did you mean 'train'?");
  EXPECT_EQ(mistake_in({"cats.yaml"}),
            "unknown command 'cats.yaml'; a recipe is given as --config FILE");
  EXPECT_EQ(mistake_in({"train"}), "train: --config is required");
  EXPECT_EQ(mistake_in({"--config", "c", "--epoch", "3"}),
            "train: unknown option '--epoch'; did you mean '--epochs'?");
  EXPECT_EQ(mistake_in({"--config", "c", "--leraning-rate=3"}),
            "train: unknown option '--leraning-rate'");
  EXPECT_EQ(mistake_in({"--config", "c", "stray"}), "train: unexpected 'stray'");
  EXPECT_EQ(mistake_in({"--config", "c", "--set", "train.epochs"}),
            "--set train.epochs: expected KEY=VALUE");
  EXPECT_EQ(mistake_in({"--config", "c", "--num-gpus", "-1"}),
            "--num-gpus -1: expected a whole number, at least 0");
  EXPECT_EQ(mistake_in({"predict", "a.png"}), "predict: --model is required");
  EXPECT_EQ(mistake_in({"data", "synth", "digit"}),
            "synth: unexpected 'digit'; did you mean 'digits'?");
}

}  // namespace
}  // namespace smtrain::app
