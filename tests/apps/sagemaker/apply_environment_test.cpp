// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/apply_environment.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/sagemaker/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class ApplyEnvironment : public test::Container {
 protected:
  ApplyEnvironment() { fs::create_directories(directory_ / "input/data/training/a"); }

  void hyperparameters(const std::string& json) const { write("hyperparameters.json", json); }

  JobArguments applied(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), "train");
    JobArguments job = std::get<TrainCommand>(parse_command_line(arguments)).job;
    apply_environment(environment(), job);
    return job;
  }

  Recipe recipe(const std::vector<std::string>& arguments = {},
                std::vector<std::string>* warnings = nullptr) const {
    const JobArguments job = applied(arguments);
    const SourcedRecipe read =
        read_sourced_recipe("model: net\ndata: {train: d}\ntrain: {epochs: 2}\n", "recipe.yaml",
                            job.settings, job.variables);
    if (warnings != nullptr) *warnings = read.warnings;
    return read.recipe;
  }
};

TEST_F(ApplyEnvironment, EachSourceGoesBeforeTheNext) {
  EXPECT_EQ(recipe().train.epochs, 2);
  hyperparameters(R"({"epochs": "3"})");
  EXPECT_EQ(recipe().train.epochs, 3);
  around_.variables["SM_HPS"] = R"({"epochs": 4})";
  EXPECT_EQ(recipe().train.epochs, 4);
  around_.variables["SM_HP_EPOCHS"] = "5";
  EXPECT_EQ(recipe().train.epochs, 5);
  EXPECT_EQ(recipe({"--set", "train.epochs=6"}).train.epochs, 6);
  EXPECT_EQ(recipe({"--set", "train.epochs=6", "--epochs", "7"}).train.epochs, 7);
  EXPECT_EQ(recipe({"--epochs", ""}).train.epochs, 5);
}

TEST_F(ApplyEnvironment, BothEncodingsMakeTheSameRecipe) {
  hyperparameters(R"({"lr": "0.01", "batch_size": "256", "epochs": "10", "gpus": "2"})");
  const Recipe plain = recipe();
  hyperparameters(R"({"lr": "\"0.01\"", "batch-size": "\"256\"", "epochs": "10", "gpus": "2",)"
                  R"("sagemaker_program": "\"a.py\"", "_tuning_objective_metric": "loss"})");
  EXPECT_EQ(plain, recipe());
  EXPECT_EQ(plain.train.batch_size, 256);
  hyperparameters(R"({"lr": 0.01, "batch_size": 256, "epochs": 10, "gpus": 2})");
  EXPECT_EQ(plain, recipe());
}

TEST_F(ApplyEnvironment, KnowsTheNamesOfAllArticles) {
  hyperparameters(R"({"num_epochs": "7", "learning_rate": "0.5", "image_size": "128",)"
                  R"("batch-size": "4", "test-batch-size": "5", "log-interval": "6",)"
                  R"("train.eval_every": "2"})");
  const Recipe all = recipe();
  EXPECT_EQ(all.train.epochs, 7);
  EXPECT_EQ(all.train.optimizer, OptimizerOptions(optim::SgdOptions{.lr = 0.5}));
  EXPECT_THAT(all.data.transform, ElementsAre(Transform(Resize{{128, 128}})));
  EXPECT_EQ(all.train.batch_size, 4);
  EXPECT_EQ(all.train.test_batch_size, 5);
  EXPECT_EQ(all.log.interval, 6);
  EXPECT_EQ(all.train.eval_every, 2);
}

TEST_F(ApplyEnvironment, WarnsOfUnknownHyperparametersByTheNearestName) {
  hyperparameters(R"({"epoch": "3", "zzzzzzzz": "1", "train.epoch": "4"})");
  const std::string file = base() + "/input/config/hyperparameters.json: ";
  std::vector<std::string> warnings;
  EXPECT_EQ(recipe({}, &warnings).train.epochs, 2);
  EXPECT_THAT(applied().notes,
              ElementsAre(file + "epoch: unknown hyperparameter 'epoch'; did you mean 'epochs'?",
                          file + "zzzzzzzz: unknown hyperparameter 'zzzzzzzz'"));
  EXPECT_THAT(warnings, ElementsAre(file + "train.epoch: unknown key 'epoch' in train; did you "
                                           "mean 'epochs'?"));
  EXPECT_THROW(applied({"--strict"}), std::invalid_argument);
}

TEST_F(ApplyEnvironment, WarnsOfAHyperparameterThatTheOptimizerLacks) {
  hyperparameters(R"({"momentum": "0.5", "optimizer": "adam"})");
  std::vector<std::string> warnings;
  EXPECT_EQ(recipe({}, &warnings).train.optimizer, OptimizerOptions(optim::AdamOptions{}));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("unknown key 'momentum' in train.optimizer")));
}

TEST_F(ApplyEnvironment, NamesAHyperparameterThatDoesNotFit) {
  hyperparameters(R"({"batch-size": "many"})");
  EXPECT_THAT([&] { recipe(); },
              testing::ThrowsMessage<std::invalid_argument>(
                  base() + "/input/config/hyperparameters.json: batch-size: train.batch_size: "
                           "expected a whole number, at least 1 and at most 1048576, got 'many'"));
}

TEST_F(ApplyEnvironment, CountsGpusUnderAnyName) {
  for (const char* name : {"gpus", "gpu_count", "num_gpus", "num-gpus"}) {
    hyperparameters("{\"" + std::string(name) + "\": \"0\"}");
    EXPECT_EQ(recipe().device, "cpu") << name;
    hyperparameters("{\"" + std::string(name) + "\": \"2\"}");
    EXPECT_EQ(recipe().device, "auto") << name;
    EXPECT_THAT(
        applied().notes,
        ElementsAre(HasSubstr(": asks for 2 GPUs, and there are 0; it trains with what is there")));
    EXPECT_THROW(applied({"--strict"}), std::invalid_argument);
  }
  hyperparameters("{}");
  EXPECT_EQ(recipe().device, "cpu");  // there are none
  around_.gpus = 1;
  EXPECT_EQ(recipe().device, "auto");
  around_.variables["SM_NUM_GPUS"] = "0";
  EXPECT_EQ(recipe().device, "cpu");
  EXPECT_EQ(recipe({"--num-gpus", "1"}).device, "auto");
}

TEST_F(ApplyEnvironment, NoGpusAreTheCpuWhateverTheRecipeSays) {
  around_.gpus = 8;
  around_.variables["SM_NUM_GPUS"] = "0";
  const JobArguments job = applied();
  const SourcedRecipe read = read_sourced_recipe("model: net\ndata: {train: d}\ndevice: cuda\n",
                                                 "recipe.yaml", job.settings, job.variables);
  EXPECT_EQ(read.recipe.device, "cpu");
  EXPECT_THAT(job.notes, IsEmpty());
  EXPECT_EQ(recipe({"--device", "cuda"}).device, "cuda");  // but for who types another
}

TEST_F(ApplyEnvironment, MoreGpusThanItTrainsOnAreSaidOnce) {
  const auto notes = [&](int64_t there, const std::string& wanted) {
    around_.gpus = there;
    around_.variables["SM_NUM_GPUS"] = wanted;
    EXPECT_EQ(recipe().device, "auto");
    return applied().notes;
  };
  EXPECT_THAT(notes(1, "8"), ElementsAre("SM_NUM_GPUS: asks for 8 GPUs, and there is 1; it trains "
                                         "with what is there"));
  EXPECT_THAT([&] { applied({"--strict"}); },
              testing::ThrowsMessage<std::invalid_argument>(HasSubstr("asks for 8 GPUs")));
  EXPECT_THAT(notes(0, "1"), ElementsAre("SM_NUM_GPUS: asks for 1 GPU, and there are 0; it trains "
                                         "with what is there"));
  EXPECT_THAT(notes(8, "8"), ElementsAre("SM_NUM_GPUS: asks for 8 GPUs; it trains on 1 of the 8"));
  EXPECT_THAT(notes(8, "1"), IsEmpty());
  EXPECT_THAT(applied({"--strict"}).notes, IsEmpty());

  around_.variables.erase(
      "SM_NUM_GPUS");  // nobody asks: the machine has more than one, that is all
  EXPECT_EQ(recipe().device, "auto");
  EXPECT_THAT(applied({"--strict"}).notes, IsEmpty());
}

TEST_F(ApplyEnvironment, OfModelDirsOnlyThatOfThePlatformAndTheCommandLineCount) {
  for (const char* other : {"s3://bucket/model", "/opt/ml/shared/model"}) {
    hyperparameters("{\"model_dir\": \"" + std::string(other) + "\"}");
    EXPECT_EQ(recipe().output.model_dir, base() + "/model");
    EXPECT_THAT(applied().notes, ElementsAre(base() +
                                             "/input/config/hyperparameters.json: model_dir: "
                                             "the model goes to " +
                                             base() + "/model all the same"));
  }
  hyperparameters("{\"model_dir\": \"" + base() + "/model\"}");
  EXPECT_THAT(applied().notes, IsEmpty());
  EXPECT_EQ(recipe({"--model-dir", "/typed"}).output.model_dir, "/typed");
  around_.variables["SM_MODEL_DIR"] = "s3://bucket/model";
  EXPECT_EQ(recipe().output.model_dir, base() + "/model");
  EXPECT_THAT(applied().notes, ElementsAre("SM_MODEL_DIR: a URL is no folder; the model goes to " +
                                           base() + "/model"));
}

TEST_F(ApplyEnvironment, NothingDependsOnOrder) {
  const OptimizerOptions expected = optim::SgdOptions{.lr = 0.5, .momentum = 0.9};
  const std::string adam = "--set=train.optimizer=adam";
  EXPECT_EQ(
      recipe({adam, "--momentum", "0.9", "--lr", "0.5", "--optimizer", "sgd"}).train.optimizer,
      expected);
  hyperparameters(R"({"lr": "0.5", "momentum": "0.9", "train.optimizer": "sgd"})");
  EXPECT_EQ(recipe().train.optimizer, expected);
  hyperparameters(R"({"lr": "0.5", "momentum": "0.9", "optimizer": "adam"})");
  EXPECT_EQ(recipe({"--optimizer", "sgd"}).train.optimizer, expected);
}

TEST_F(ApplyEnvironment, AliasesAreOneHyperparameter) {
  hyperparameters(R"({"lr": "null", "learning-rate": "0.1"})");
  EXPECT_THROW(recipe(), std::invalid_argument);
  hyperparameters(R"({"lr": "1"})");
  around_.variables["SM_HPS"] = R"({"learning_rate": 2})";
  around_.variables["SM_HP_LR"] = "3";
  EXPECT_EQ(recipe().train.optimizer, OptimizerOptions(optim::SgdOptions{.lr = 3}));
  EXPECT_THAT(applied().notes, testing::SizeIs(2));
}

TEST_F(ApplyEnvironment, ResultsGoWhereThePlatformCollectsThem) {
  const Recipe found = recipe();
  EXPECT_EQ(found.output.dir, base() + "/output/data");
  EXPECT_EQ(found.output.model_dir, base() + "/model");
  EXPECT_THAT(found.distributed.hosts, ElementsAre("machine"));
  around_.variables["SM_MODEL_DIR"] = "/elsewhere";
  EXPECT_EQ(recipe().output.model_dir, "/elsewhere");
  EXPECT_EQ(recipe({"--model-dir", "/third"}).output.model_dir, "/third");
}

TEST_F(ApplyEnvironment, OutsideAContainerOnlyVariablesCount) {
  around_.variables.clear();
  around_.variables["SM_HP_EPOCHS"] = "9";
  if (around_.in_container()) GTEST_SKIP() << "this machine has an /opt/ml/input/config";
  const Recipe found = recipe();
  EXPECT_EQ(found.train.epochs, 9);
  EXPECT_THAT(found.distributed.hosts, IsEmpty());
  EXPECT_THAT(found.output.model_dir, testing::Not(testing::StartsWith("/opt/ml")));
}

TEST_F(ApplyEnvironment, AVariableThatIsSetIsDataWithoutARecipe) {
  around_.variables.clear();
  if (around_.in_container()) GTEST_SKIP() << "this machine has an /opt/ml/input/config";
  EXPECT_EQ(applied().data, "");
  const JobArguments job = applied({"--data-dir", base(), "--validation", base() + "/v"});
  EXPECT_EQ(job.data, base());
  ASSERT_EQ(job.settings.size(), 1u);
  EXPECT_EQ(job.settings[0].key, "data.validation");
  EXPECT_EQ(job.settings[0].value, base() + "/v");
  EXPECT_EQ(applied({"--data-dir", base(), "data=other"}).data, "other");
}

TEST_F(ApplyEnvironment, ChannelsAreFoundByTheirRole) {
  const auto expand = [&](const char* text) { return applied().variables.expand(text); };
  fs::remove_all(directory_ / "input/data/training");
  fs::create_directories(directory_ / "input/data/train/cat");
  EXPECT_EQ(expand("${split:train}"), base() + "/input/data/train");
  EXPECT_EQ(expand("${split:validation:-none}"), "none");
  fs::create_directories(directory_ / "input/data/train/val/a");
  EXPECT_EQ(expand("${split:validation}"), base() + "/input/data/train/val");
  fs::create_directories(directory_ / "input/data/eval/a");
  EXPECT_EQ(expand("${split:validation}"), base() + "/input/data/eval");
  fs::create_directories(directory_ / "input/data/training/train/a");
  EXPECT_EQ(expand("${split:train}"), base() + "/input/data/training/train");
  hyperparameters("{\"train\": \"" + base() + "\"}");
  EXPECT_EQ(expand("${split:train}"), base());
  hyperparameters("{\"train\": \"" + base() + "/absent\"}");
  EXPECT_EQ(expand("${split:train}"), base() + "/absent/train");  // named as missing
}

TEST_F(ApplyEnvironment, WithoutARecipeTheChannelsAreTheData) {
  fs::remove_all(directory_ / "input/data/training");
  EXPECT_THAT([&] { applied(); }, testing::ThrowsMessage<std::invalid_argument>(
                                      "train: no recipe, and channel 'training' is not there"));
  fs::create_directories(directory_ / "input/data/other");
  EXPECT_THAT([&] { applied(); },
              testing::ThrowsMessage<std::invalid_argument>(
                  "train: no recipe, and channel 'training' is not there; there "
                  "are: other"));
  fs::create_directories(directory_ / "input/data/train/a");
  EXPECT_EQ(applied().data, base() + "/input/data/train");
}

TEST_F(ApplyEnvironment, SaysThatPipesAreNotRead) {
  write_file_atomically(directory_ / "input/config/inputdataconfig.json",
                        std::string_view(R"({"training": {"TrainingInputMode": "Pipe"}})"));
  EXPECT_THAT(applied().notes, ElementsAre("channel 'training': input mode Pipe is not read; start "
                                           "the job with File or FastFile"));
}

TEST_F(ApplyEnvironment, FindsTheRecipeThatAHyperparameterNames) {
  fs::create_directories(directory_ / "input/data/config");
  write_file_atomically(directory_ / "input/data/config/a.yaml", std::string_view("model: net\n"));
  hyperparameters(R"({"config": "\"a.yaml\""})");
  EXPECT_EQ(applied().config, base() + "/input/data/config/a.yaml");
}

}  // namespace
}  // namespace smtrain::app
