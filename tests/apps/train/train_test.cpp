// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/train.h"

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/apps/model/model_file.h"
#include "smtrain/data/synth_folders.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using nlohmann::json;
using test::Output;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Train : public testing::Test {
 protected:
  Train() { write_file_atomically(recipe_, std::string_view(test::kTinyRecipe)); }

  void write_pictures(int64_t train, int64_t validation, int64_t shift = 0) {
    test::write_tiny_pictures(directory_.path(), "train", train);
    test::write_tiny_pictures(directory_.path(), "t10k", validation, shift);
  }

  Output run(const std::map<std::string, std::string>& settings = {},
             const std::string& output = "out") {
    return test::run_training(recipe_, directory_.path(), directory_ / output, settings);
  }

  std::string text(const std::string& file) { return test::text_of(directory_ / file); }

  std::vector<json> metrics(const std::string& output = "out") {
    std::vector<json> lines;
    std::istringstream file(text(output + "/metrics.jsonl"));
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }

  test::TemporaryDirectory directory_;
  const std::string recipe_ = directory_ / "recipe.yaml";
};

/// What is left when measured numbers become '#'.
std::string without_numbers(std::string log) {
  log = std::regex_replace(log, std::regex(R"(Loss: \d+\.\d{6}\n)"), "Loss: #\n");
  return std::regex_replace(
      log, std::regex(R"(Average loss: \d+\.\d{4}, Accuracy: \d+/(\d+) \(\d+%\)\n)"),
      "Average loss: #, Accuracy: #/$1 (#%)\n");
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(Train, PrintsTheLinesOfTheFirstArticlesLog) {
  write_pictures(2399, 597);
  const Output output = run();
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.err, "");
  EXPECT_EQ(without_numbers(output.out), R"(Distributed training - False
Number of gpus available - 0
Get train data loader
Get test data loader
Processes 2399/2399 (100%) of train data
Processes 597/597 (100%) of test data
Train Epoch: 1 [400/2399 (17%)] Loss: #
Train Epoch: 1 [800/2399 (33%)] Loss: #
Train Epoch: 1 [1200/2399 (50%)] Loss: #
Train Epoch: 1 [1600/2399 (67%)] Loss: #
Train Epoch: 1 [2000/2399 (83%)] Loss: #
Train Epoch: 1 [2399/2399 (100%)] Loss: #
Test set: Average loss: #, Accuracy: #/597 (#%)

Train Epoch: 2 [400/2399 (17%)] Loss: #
Train Epoch: 2 [800/2399 (33%)] Loss: #
Train Epoch: 2 [1200/2399 (50%)] Loss: #
Train Epoch: 2 [1600/2399 (67%)] Loss: #
Train Epoch: 2 [2000/2399 (83%)] Loss: #
Train Epoch: 2 [2399/2399 (100%)] Loss: #
Test set: Average loss: #, Accuracy: #/597 (#%)

Saving the model.
)");
  EXPECT_THAT(output.out, HasSubstr("Accuracy: 597/597 (100%)\n\nSaving"));  // and it learns
}

TEST_F(Train, TheScriptsSampleCounterOnRequest) {
  write_pictures(2399, 3);
  const Output output = run({{"quirks.sample_counter", "batch_len"}, {"train.epochs", "1"}});
  EXPECT_THAT(without_numbers(output.out),
              HasSubstr("Train Epoch: 1 [2000/2399 (83%)] Loss: #\n"
                        "Train Epoch: 1 [1800/2399 (100%)] Loss: #\n"));
}

TEST_F(Train, ALineEveryIntervalOfAnEpochAndNoneExtra) {
  write_pictures(23, 3);  // 6 steps an epoch
  EXPECT_THAT(without_numbers(run({{"log.interval", "4"}}).out),
              HasSubstr("of test data\n"
                        "Train Epoch: 1 [16/23 (67%)] Loss: #\n"
                        "Test set: Average loss: #, Accuracy: #/3 (#%)\n"
                        "\n"
                        "Train Epoch: 2 [16/23 (67%)] Loss: #\n"
                        "Test set:"));
  EXPECT_EQ(count_of(run({{"log.interval", "1"}}).out, "Train Epoch"), 12);
  EXPECT_EQ(count_of(run({{"log.interval", "7"}}).out, "Train Epoch"), 0);
  EXPECT_EQ(count_of(run({{"log.level", "error"}, {"log.interval", "1"}}).out, "Train Epoch"), 12);
}

TEST_F(Train, LeavesTheModelTheRecipeTheCurvesAndNothingElse) {
  write_pictures(23, 7);
  const Output output =
      run({{"log.interval", "2"}, {"train.schedule", "{name: step, step_size: 1}"}});
  std::vector<std::string> names;
  for (const auto& [name, hash] : test::files_below(directory_ / "out")) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("confusion.png", "metrics.csv", "metrics.jsonl", "model.pth",
                                 "model.safetensors", "predictions.png", "recipe.yaml",
                                 "results.png", "train_batch.png", "validation_batch.png"));

  const std::vector<json> lines = metrics();
  ASSERT_EQ(lines.size(), 8);  // steps 2, 4, 6, the epoch, 8, 10, 12, the epoch
  EXPECT_EQ(lines[0]["kind"], "step");
  EXPECT_EQ(lines[0]["epoch"], 1);
  EXPECT_EQ(lines[0]["step"], 2);
  EXPECT_EQ(lines[0]["lr"], 0.5);
  EXPECT_EQ(lines[6]["step"], 12);
  EXPECT_EQ(lines[6]["epoch"], 2);
  EXPECT_EQ(lines[6]["lr"], 0.05);
  for (const int step : {0, 1, 2, 4, 5, 6}) {
    char loss[32];
    std::snprintf(loss, sizeof loss, "Loss: %.6f\n", lines[step]["loss"].get<double>());
    EXPECT_THAT(output.out, HasSubstr(loss));
  }
  const json& epoch = lines[7];
  EXPECT_EQ(epoch["kind"], "epoch");
  EXPECT_EQ(epoch["epoch"], 2);
  EXPECT_EQ(epoch["steps"], 12);
  EXPECT_GT(epoch["train_loss"], 0);
  EXPECT_LT(epoch["train_loss"], lines[3]["train_loss"]);
  EXPECT_GT(epoch["images_per_second"], 0);

  std::istringstream csv(text("out/metrics.csv"));
  std::string row;
  std::getline(csv, row);
  EXPECT_EQ(row,
            "epoch,steps,lr,train_loss,validation_loss,validation_accuracy,seconds,"
            "images_per_second");
  for (const json& line : {lines[3], lines[7]}) {
    ASSERT_TRUE(std::getline(csv, row));
    EXPECT_THAT(row, StartsWith(line["epoch"].dump() + "," + line["steps"].dump() + "," +
                                line["lr"].dump() + "," + line["train_loss"].dump() + "," +
                                line["validation_loss"].dump() + ","));
    EXPECT_EQ(std::count(row.begin(), row.end(), ','), 7);
  }
  EXPECT_FALSE(std::getline(csv, row));
}

TEST_F(Train, TheResolvedRecipeTrainsTheSameAgain) {
  write_pictures(23, 7);
  const Output first = run({{"train.optimizer.lr", "0.25"}, {"log.interval", "1"}});
  const std::string resolved = directory_ / "out/recipe.yaml";
  const Output second = test::run_training(resolved, directory_.path(), directory_ / "again");
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(text("again/model.safetensors"), text("out/model.safetensors"));
}

TEST_F(Train, TheModelsCardSaysWhatItCameTo) {
  write_pictures(23, 7);
  run();
  const ModelCard card = load_model(directory_ / "out").card;
  EXPECT_EQ(card.epoch, 2);
  EXPECT_EQ(card.metric, "accuracy");
  EXPECT_EQ(card.metric_value, metrics().back()["validation_accuracy"]);
  EXPECT_THAT(card.classes, ElementsAre("0", "1", "2"));
  EXPECT_EQ(card.input, (Shape{1, 2, 2}));
  EXPECT_EQ(card.data_hash.size(), 64);
}

TEST_F(Train, EvaluateFindsWhatTrainingPrinted) {
  write_pictures(100, 50, /*shift=*/0);
  const Output output = run({{"train.max_steps", "5"}, {"train.optimizer.lr", "0.01"}});
  std::ostringstream out, err;
  EXPECT_EQ(evaluate({.model = directory_ / "out", .settings = {}}, out, err), 0);
  std::smatch trained;
  ASSERT_TRUE(std::regex_search(output.out, trained,
                                std::regex(R"(Test set: (Average loss: .*, Accuracy: .*/50) )")));
  EXPECT_THAT(out.str(), StartsWith(trained[1].str() + " ("));
  EXPECT_EQ(err.str(), "");
}

TEST_F(Train, SaveBestKeepsTheBestEpochAndLastTheLast) {
  // What is learnt makes the validation worse: its classes are wrong, and the first epoch, which
  // gets no further than the others in accuracy, is the best.
  write_pictures(60, 30, /*shift=*/1);
  run({{"train.epochs", "4"}, {"train.save", "best"}}, "best");
  run({{"train.epochs", "4"}}, "last");
  run({{"train.epochs", "1"}}, "first");
  EXPECT_EQ(load_model(directory_ / "best").card.epoch, 1);
  EXPECT_EQ(load_model(directory_ / "last").card.epoch, 4);
  EXPECT_EQ(text("best/model.pth"), text("first/model.pth"));
  EXPECT_NE(text("best/model.pth"), text("last/model.pth"));
}

TEST_F(Train, StopsAfterMaxSteps) {
  write_pictures(23, 3);
  EXPECT_EQ(without_numbers(run({{"train.max_steps", "8"}, {"log.interval", "3"}}).out),
            R"(Distributed training - False
Number of gpus available - 0
Get train data loader
Get test data loader
Processes 23/23 (100%) of train data
Processes 3/3 (100%) of test data
Train Epoch: 1 [12/23 (50%)] Loss: #
Train Epoch: 1 [23/23 (100%)] Loss: #
Test set: Average loss: #, Accuracy: #/3 (#%)

Test set: Average loss: #, Accuracy: #/3 (#%)

Saving the model.
)");
  EXPECT_EQ(metrics().back()["steps"], 8);
  EXPECT_EQ(load_model(directory_ / "out").card.epoch, 2);
}

TEST_F(Train, EvaluatesEverySoManyEpochsAndAtTheEnd) {
  write_pictures(23, 3);
  run({{"train.epochs", "5"}, {"train.eval_every", "2"}});
  std::vector<int> evaluated;
  for (const json& line : metrics()) {
    if (line.contains("validation_accuracy")) evaluated.push_back(line["epoch"]);
  }
  EXPECT_THAT(evaluated, ElementsAre(2, 4, 5));
  EXPECT_THAT(text("out/metrics.csv"), testing::ContainsRegex("\n3,18,0.5,[0-9.e-]+,,,"));
}

TEST_F(Train, EvaluatesEverySoManyStepsAndAtTheEnd) {
  write_pictures(23, 3);  // 6 steps an epoch
  const std::string out = run({{"train.epochs", "3"},
                               {"train.eval_every", "4"},
                               {"train.eval_unit", "step"},
                               {"train.max_steps", "15"}})
                              .out;
  std::vector<std::string> evaluated;
  for (const json& line : metrics()) {
    if (!line.contains("validation_accuracy")) continue;
    const int step = line.contains("step") ? line["step"] : line["steps"];
    evaluated.push_back(line["kind"].get<std::string>() + " " + std::to_string(step));
  }
  EXPECT_THAT(evaluated, ElementsAre("evaluation 4", "evaluation 8", "epoch 12", "epoch 15"));
  size_t lines = 0;
  for (size_t at = out.find("Test set: "); at != out.npos; at = out.find("Test set: ", at + 1))
    ++lines;
  EXPECT_EQ(lines, 4);
}

TEST_F(Train, EvaluatingWithinAnEpochDoesNotChangeIt) {
  write_pictures(23, 3);  // one epoch: PyTorch's loaders draw a seed for each pass, so does ours
  run({{"train.epochs", "1"}}, "without");
  run({{"train.epochs", "1"}, {"train.eval_every", "2"}, {"train.eval_unit", "step"}}, "with");
  EXPECT_EQ(text("with/model.pth"), text("without/model.pth"));
}

TEST_F(Train, OnPartOfTheData) {
  write_pictures(100, 50);  // 34, 33 and 33; 17, 17 and 16
  const std::map<std::string, std::string> one = {{"train.epochs", "1"}, {"log.interval", "1"}};
  const auto run_part = [&](const std::string& key, const std::string& value) {
    std::map<std::string, std::string> settings = one;
    settings[key] = value;
    return run(settings).out;
  };
  const std::string half = run_part("data.fraction", "0.5");
  EXPECT_THAT(half, HasSubstr("Train Epoch: 1 [51/51 (100%)]"));
  EXPECT_THAT(half, HasSubstr("/26 ("));
  const std::string few = run_part("data.limit", "7");
  EXPECT_THAT(few, HasSubstr("Train Epoch: 1 [7/7 (100%)]"));
  EXPECT_THAT(few, HasSubstr("/7 ("));
  EXPECT_THAT(load_model(directory_ / "out").card.classes, ElementsAre("0", "1", "2"));
  const std::string most = run_part("data.limit", "70");
  EXPECT_THAT(most, HasSubstr("Train Epoch: 1 [70/70 (100%)]"));
  EXPECT_THAT(most, HasSubstr("/50 ("));
  EXPECT_EQ(run_part("data.limit", "1000"), run(one).out);
}

TEST_F(Train, OnPartOfTheDataIsEvaluatedOnAllOfIt) {
  write_pictures(100, 50);
  run({{"train.epochs", "1"}, {"data.limit", "30"}, {"data.fraction", "0.5"}});
  const auto evaluated = [&](const std::vector<Setting>& settings) {
    std::ostringstream out, err;
    evaluate({.model = directory_ / "out", .settings = settings}, out, err);
    return out.str();
  };
  EXPECT_THAT(evaluated({}), HasSubstr("/50 ("));
  EXPECT_THAT(evaluated({{"data.limit", "9", "--limit 9"}}), HasSubstr("/9 ("));
  EXPECT_THAT(evaluated({{"data.fraction", "0.5", "--fraction 0.5"}}), HasSubstr("/26 ("));
}

TEST_F(Train, WithoutValidationDataNothingIsEvaluated) {
  write_pictures(23, 3);
  const Output output = run({{"data.validation", ""}, {"train.save", "best"}});
  EXPECT_EQ(output.out,
            "Distributed training - False\nNumber of gpus available - 0\nGet train data loader\n"
            "Processes 23/23 (100%) of train data\nSaving the model.\n");
  EXPECT_EQ(load_model(directory_ / "out").card.epoch, 2);
}

TEST_F(Train, APictureFolderIsLearntToo) {
  data::write_synth_folders(directory_.path(), {.train = 20, .validation = 5, .side = 32});
  write_file_atomically(recipe_, std::string_view(R"(
model: {layers: [{conv2d: {out_channels: 8, kernel_size: 5, stride: 2}}, relu, {max_pool2d: 2},
                 flatten, {linear: 3}]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [{resize: 24}, {center_crop: 24}, random_horizontal_flip, to_tensor,
              {normalize: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}}]
train: {epochs: 20, batch_size: 8, loss: cross_entropy, optimizer: {name: adam, lr: 0.01}}
)"));
  const Output output = run();
  EXPECT_THAT(load_model(directory_ / "out").card.classes,
              ElementsAre("disk", "square", "triangle"));
  const std::vector<json> epochs = metrics();
  ASSERT_EQ(epochs.size(), 20);
  EXPECT_LT(epochs[19]["train_loss"], 0.5 * epochs[0]["train_loss"].get<double>());
}

TEST_F(Train, NamesOfClassesNeedNotBeUtf8) {
  data::write_synth_folders(directory_.path(), {.train = 2, .validation = 2, .side = 16});
  for (const char* split : {"train", "validation"}) {
    const std::filesystem::path folder = directory_.path() / split;
    std::filesystem::rename(folder / "disk", folder / "caf\xe9");
  }
  write_file_atomically(recipe_, std::string_view(R"(
model: {layers: [flatten, {linear: 3}]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [{resize: [8, 8]}, to_tensor]
train: {epochs: 1, loss: cross_entropy}
)"));
  run();
  EXPECT_EQ(load_model(directory_ / "out").card.classes[0], "caf\xef\xbf\xbd");
  std::ostringstream out, err;
  EXPECT_EQ(evaluate({.model = directory_ / "out"}, out, err), 0);
  EXPECT_THAT(out.str(), HasSubstr("  caf\xef\xbf\xbd: "));
}

TEST_F(Train, ALossThatIsNotFiniteStopsItAndNamesTheLayer) {
  write_pictures(23, 3);
  std::filesystem::create_directory(directory_.path() / "out");
  write_file_atomically(directory_ / "out/model.safetensors", std::string_view("yesterday's"));
  for (const char* capture : {"true", "false"}) {
    try {
      run({{"model", "{layers: [flatten, {linear: 8}, relu, {linear: 3}, log_softmax]}"},
           {"train.optimizer.lr", "1e30"},
           {"train.capture", capture}});
      FAIL() << "no error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(),
                   "train: epoch 1, step 2: the loss is nan; first in the result of linear "
                   "(3.weight)");
    }
    const auto files = test::files_below(directory_ / "out");
    EXPECT_EQ(files.size(), 6);  // and metrics.csv, metrics.jsonl, recipe.yaml, two of batches
    EXPECT_FALSE(files.contains("model.pth"));
    EXPECT_EQ(text("out/model.safetensors"), "yesterday's");
  }
}

TEST_F(Train, AValidationLossThatIsNotFiniteIsWarnedOf) {
  write_pictures(23, 3);
  const Output output =
      run({{"model", "{layers: [flatten, {linear: 8}, relu, {linear: 3}, log_softmax]}"},
           {"train.optimizer.lr", "1e30"},
           {"train.max_steps", "1"}});
  EXPECT_THAT(output.err,
              HasSubstr("smtrain: warning: epoch 1: the loss on validation data is nan\n"));
}

constexpr char kBatchNormRecipe[] = R"(
model: {layers: [{conv2d: {out_channels: 2, kernel_size: 1}}, batch_norm2d, flatten, {linear: 3},
                 log_softmax]}
data: {format: idx, train: "${channel:training}", transform: [to_tensor]}
train: {batch_size: 4, capture: CAPTURE}
)";

TEST_F(Train, AStepWhoseLossIsNotFiniteLeavesTheModelAsItWas) {
  write_pictures(8, 3);
  for (const char* capture : {"true", "false"}) {
    std::string text = kBatchNormRecipe;
    text.replace(text.find("CAPTURE"), 7, capture);
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
    const Recipe recipe = read_recipe(text, "recipe.yaml", {}, variables);
    Context context(context_options(recipe));
    const ContextGuard guard(context);
    std::ostringstream err;
    Job job(recipe, err);
    const Tensor good = full({4, 1, 2, 2}, 1, {.dtype = DType::f32});
    const Tensor bad = full({4, 1, 2, 2}, NAN, {.dtype = DType::f32});
    const Tensor targets = zeros({4}, {.dtype = DType::i64});
    for (int i = 0; i < 5; ++i) (*job.training_step)(good, targets);  // recorded by now

    std::map<std::string, std::vector<double>> before, after;
    for (const auto& [name, tensor] : job.model->state_dict())
      before[name] = tensor.to_vector<double>();
    for (int i = 0; i < 2; ++i) {  // the second has the same reason
      (*job.training_step)(bad, targets);
      ASSERT_EQ(job.training_step->results().size(), 1u);
      EXPECT_TRUE(std::isnan(job.training_step->results()[0].loss));
      EXPECT_EQ(job.training_step->why_not_finite(),
                "the loss is nan; the batch holds numbers that are not finite");
    }
    for (const auto& [name, tensor] : job.model->state_dict())
      after[name] = tensor.to_vector<double>();
    EXPECT_EQ(after, before);
    (*job.training_step)(good, targets);  // goes on
    EXPECT_TRUE(std::isfinite(job.training_step->results()[0].loss));
  }
}

}  // namespace
}  // namespace smtrain::app
