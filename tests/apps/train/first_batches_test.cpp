// SPDX-License-Identifier: Apache-2.0
// The pictures of the first batches, and the evaluation that is tried before training.

#include "smtrain/apps/train/first_batches.h"

#include "smtrain/apps/report/image_grid.h"
#include "smtrain/data/decode.h"
#include "smtrain/engine/context.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

/// With a dropout that draws and statistics that training changes.
constexpr char kRecipe[] = R"(
model: {layers: [{conv2d: {out_channels: 4, kernel_size: 3}}, batch_norm2d, relu, flatten,
                 {dropout: 0.5}, {linear: 2}, log_softmax]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [random_horizontal_flip, to_tensor, {normalize: {mean: 0.5, std: 0.5}}]
train: {epochs: 2, batch_size: 20, test_batch_size: 3, threads: 1}
device: cpu
)";

class FirstBatches : public testing::Test {
 protected:
  FirstBatches() {
    test::write_picture_folder(directory_.path() / "train", 2, 12);
    test::write_picture_folder(directory_.path() / "validation", 2, 5);
    write_file_atomically(recipe_file_, std::string_view(kRecipe));
  }

  Recipe recipe() const {
    Variables variables;
    variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
    return read_sourced_recipe_file(recipe_file_, {}, variables).recipe;
  }

  const test::TemporaryDirectory directory_;
  const std::string recipe_file_ = directory_ / "recipe.yaml";
};

/// Everything that training starts from.
std::map<std::string, std::vector<double>> state_of(const Job& job) {
  std::map<std::string, std::vector<double>> state;
  for (const auto& [name, tensor] : job.model->state_dict())
    state[name] = tensor.to_vector<double>();
  const auto generator = Context::current().generator().state();
  state["generator"] = {generator.begin(), generator.end()};
  state["training"] = {job.model->training() ? 1.0 : 0.0};
  return state;
}

TEST_F(FirstBatches, AreWhatTheModelSees) {
  const Recipe recipe = this->recipe();
  Context context(context_options(recipe));
  const ContextGuard guard(context);
  std::ostringstream err;
  Job job(recipe, err);
  const auto before = state_of(job);
  write_first_batches(job, directory_.path());
  EXPECT_EQ(state_of(job), before);

  // No training but the draw of its order lies between the two.
  const auto cells_of = [](data::DataLoader& loader) {
    const data::Batch batch = *loader.begin();
    const auto pixels = batch.images.to_vector<uint8_t>();  // [N, 3, 6, 5]
    const auto targets = batch.targets.to_vector<int64_t>();
    std::vector<GridCell> cells;
    for (size_t n = 0; n < std::min<size_t>(16, targets.size()); ++n) {
      data::Image image{.height = 6, .width = 5, .channels = 3, .pixels = {}};
      for (size_t i = 0; i < 30; ++i) {
        for (size_t c = 0; c < 3; ++c) image.pixels.push_back(pixels[(n * 3 + c) * 30 + i]);
      }
      cells.push_back({.image = image, .caption = {targets[n] == 0 ? "a" : "b"}});
    }
    return cells;
  };
  const auto training = cells_of(job.train_loader);
  EXPECT_EQ(training.size(), 16);  // of 20
  EXPECT_EQ(data::decode_file(directory_ / "train_batch.png").pixels,
            image_grid(training, {.scale = 96 / 5}).pixels);
  const auto validation = cells_of(*job.validation_loader);
  EXPECT_EQ(validation.size(), 3);
  EXPECT_EQ(data::decode_file(directory_ / "validation_batch.png").pixels,
            image_grid(validation, {.scale = 96 / 5}).pixels);
}

TEST_F(FirstBatches, OfTrainingAloneWithoutValidation) {
  test::run_training(recipe_file_, directory_.path(), directory_ / "out",
                     {{"data.validation", ""}});
  EXPECT_TRUE(fs::exists(directory_ / "out/train_batch.png"));
  EXPECT_FALSE(fs::exists(directory_ / "out/validation_batch.png"));
}

TEST_F(FirstBatches, EvaluatingThemChangesNothing) {
  for (const bool capture : {true, false}) {
    Recipe recipe = this->recipe();
    recipe.train.capture = capture;
    Context context(context_options(recipe));
    const ContextGuard guard(context);
    std::ostringstream err;
    Job job(recipe, err);
    const auto before = state_of(job);
    check_evaluation(job);
    EXPECT_EQ(state_of(job), before);
    EXPECT_EQ(err.str(), "");
  }
}

/// Trains a job whose validation picture number `index` of 10 can't be read. Returns the error.
std::string error_of(const std::string& recipe, const fs::path& folder, int index,
                     const std::string& check) {
  const std::string name = std::string("validation/") + (index < 5 ? "a/0" : "b/0") +
                           static_cast<char>('0' + index % 5) + ".png";
  write_file_atomically(folder / name, std::string_view("no picture"));
  try {
    test::run_training(recipe, folder, folder / "out", {{"train.check_evaluation", check}});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(FirstBatches, ABrokenEvaluationFailsBeforeTraining) {
  EXPECT_THAT(error_of(recipe_file_, directory_.path(), 5, "true"),
              testing::HasSubstr("decode: " + directory_ / "validation/b/00.png"));
  EXPECT_FALSE(fs::exists(directory_ / "out"));
}

TEST_F(FirstBatches, OnlyTwoOfThemAreTried) {
  EXPECT_THAT(error_of(recipe_file_, directory_.path(), 6, "true"),
              testing::HasSubstr("decode: " + directory_ / "validation/b/01.png"));
  EXPECT_TRUE(fs::exists(directory_ / "out/train_batch.png"));  // it began
}

TEST_F(FirstBatches, NoneAreTriedOnRequest) {
  EXPECT_THAT(error_of(recipe_file_, directory_.path(), 5, "false"),
              testing::HasSubstr("decode: " + directory_ / "validation/b/00.png"));
  EXPECT_TRUE(fs::exists(directory_ / "out/train_batch.png"));
}

}  // namespace
}  // namespace smtrain::app
