// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/show/show_data.h"

#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/config/recipe_reader.h"
#include "smtrain/apps/job/job.h"
#include "smtrain/data/decode.h"
#include "smtrain/engine/context.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

constexpr char kRecipe[] = R"(
model: {layers: [flatten, {linear: 3}, log_softmax]}
data:
  train: ${channel:training}/train
  validation: ${channel:training}/validation
  transform: [{random_crop: {size: [4, 5], padding: 1}}, random_horizontal_flip, to_tensor,
              {normalize: {mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.5]}}]
train: {batch_size: 5, threads: 1}
device: cpu
)";

class DataShow : public testing::Test {
 protected:
  DataShow() {
    test::write_picture_folder(directory_.path() / "train", 3, 7);
    test::write_picture_folder(directory_.path() / "validation", 3, 2);
    write_file_atomically(command_.job.config, std::string_view(kRecipe));
    command_.out = directory_ / "grid.png";
    command_.job.variables.set("SM_CHANNEL_TRAINING", directory_.path().string());
  }

  /// What is printed.
  std::string show() {
    std::ostringstream out, err;
    EXPECT_EQ(show_data(command_, out, err), 0);
    EXPECT_EQ(err.str(), "");
    return out.str();
  }

  data::Image grid() const { return data::decode_file(directory_ / "grid.png"); }

  /// The first batches of a training that begins now, u8 [N, C, H, W], and their classes.
  std::pair<std::vector<uint8_t>, std::vector<int64_t>> trained_on(int64_t batches) const {
    std::ostringstream err;
    const Recipe recipe = read_job_recipe(command_.job, err).recipe;
    Context context(context_options(recipe));
    const ContextGuard guard(context);
    Job job(recipe, err);
    std::pair<std::vector<uint8_t>, std::vector<int64_t>> result;
    for (auto& batch : job.train_loader) {
      for (const uint8_t pixel : batch.images.to_vector<uint8_t>()) result.first.push_back(pixel);
      for (const int64_t target : batch.targets.to_vector<int64_t>())
        result.second.push_back(target);
      if (--batches == 0) break;
    }
    return result;
  }

  const test::TemporaryDirectory directory_;
  DataShowCommand command_{.job = {.config = directory_ / "recipe.yaml"}, .out = {}};
};

/// torchvision.utils.make_grid of N pictures [3, height, width], line by line; the result is
/// [rows, columns, 3].
std::vector<uint8_t> make_grid(const std::vector<uint8_t>& tensor, int64_t count, int64_t height,
                               int64_t width) {
  const int64_t padding = 2, nmaps = count, xmaps = std::min<int64_t>(8, nmaps);
  const int64_t ymaps = (nmaps + xmaps - 1) / xmaps;
  const int64_t cell_height = height + padding, cell_width = width + padding;
  const int64_t grid_width = cell_width * xmaps + padding;
  std::vector<uint8_t> grid(static_cast<size_t>((cell_height * ymaps + padding) * grid_width * 3));
  int64_t k = 0;
  for (int64_t y = 0; y < ymaps; ++y) {
    for (int64_t x = 0; x < xmaps && k < nmaps; ++x, ++k) {
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t i = 0; i < height * width; ++i) {
          const int64_t row = y * cell_height + padding + i / width;
          const int64_t column = x * cell_width + padding + i % width;
          grid[static_cast<size_t>((row * grid_width + column) * 3 + c)] =
              tensor[static_cast<size_t>((k * 3 + c) * height * width + i)];
        }
      }
    }
  }
  return grid;
}

TEST_F(DataShow, TheFirstPicturesThatTrainingSees) {
  std::vector<std::vector<uint8_t>> seen;  // a seed's
  for (const char* seed : {"1", "2"}) {
    command_.job.settings = {{"train.seed", seed, "--set"}};
    const auto [pixels, targets] = trained_on(4);
    seen.push_back(pixels);
    for (const int64_t n : {2, 8, 9, 20}) {
      command_.n = n;
      const std::string printed = show();
      const data::Image image = grid();
      EXPECT_EQ(image.height, (n + 7) / 8 * (4 + 2) + 2);
      EXPECT_EQ(image.width, std::min<int64_t>(n, 8) * (5 + 2) + 2);
      EXPECT_EQ(image.pixels, make_grid(pixels, n, 4, 5)) << n;
      std::string expected;
      for (int64_t i = 0; i < n; ++i) {
        expected += std::string(8, ' ') + static_cast<char>('a' + targets[static_cast<size_t>(i)]);
        expected += i % 8 == 7 || i + 1 == n ? '\n' : ' ';
      }
      EXPECT_EQ(printed, expected);
    }
  }
  EXPECT_NE(seen[0], seen[1]);
}

TEST_F(DataShow, ASinglePictureAsMakeGridLeavesIt) {
  command_.n = 1;
  show();
  const std::vector<uint8_t> first = trained_on(1).first;
  const data::Image image = grid();
  ASSERT_EQ(image.height, 4);
  ASSERT_EQ(image.width, 5);
  for (size_t i = 0; i < 4 * 5; ++i) {
    for (size_t c = 0; c < 3; ++c) EXPECT_EQ(image.pixels[i * 3 + c], first[c * 4 * 5 + i]);
  }
}

TEST_F(DataShow, NoMoreThanThereAre) {
  command_.split = "validation";
  command_.n = 100;
  show();
  EXPECT_EQ(grid().width, 6 * (5 + 2) + 2);  // two of each of three classes
}

TEST_F(DataShow, NamesOfOtherLettersAndLengths) {
  std::filesystem::rename(directory_ / "train/a", directory_ / "train/a_name_of_14_b");
  std::filesystem::rename(directory_ / "train/b", directory_ / "train/\uace0\uc591\uc774");
  std::filesystem::remove_all(directory_ / "train/c");
  command_.job.settings = {{"data.validation", "", "--set"},
                           {"model", "{layers: [flatten, {linear: 2}]}", "--set"}};
  command_.n = 14;
  std::istringstream words(show());
  std::string line, all;
  while (std::getline(words, line)) all += line + " ";
  // '%9s' counts characters, not bytes.
  EXPECT_THAT(all, testing::HasSubstr("      \uace0\uc591\uc774 "));
  EXPECT_THAT(all, testing::HasSubstr("a_name_of_14_b "));
  EXPECT_EQ(all.size(), 7 * 15 + 7 * (6 + 9 + 1));
}

TEST_F(DataShow, AFolderWithoutARecipe) {
  command_.job.config.clear();
  command_.job.data = directory_.path().string();
  command_.n = 3;
  show();
  EXPECT_EQ(grid().height, 96 + 2 * 2);
  EXPECT_EQ(grid().width, 3 * (96 + 2) + 2);
}

TEST_F(DataShow, WhatIsNotThere) {
  command_.split = "validation";
  command_.job.settings = {{"data.validation", "", "--set"}};
  EXPECT_THROW_WITH(show(), "data.validation: names no data");
}

}  // namespace
}  // namespace smtrain::app
