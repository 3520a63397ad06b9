// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/idx.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/tiny_pictures.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

// Jobs that end with files for other programs.

namespace smtrain::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class Exports : public testing::Test {
 protected:
  /// Noise of MNIST's form.
  void write_digits(const std::string& part, int64_t count) {
    Array images{.dtype = DType::u8, .shape = {count, 28, 28}, .bytes = {}};
    Array labels{.dtype = DType::u8, .shape = {count}, .bytes = {}};
    for (int64_t i = 0; i < images.shape.numel(); ++i)
      images.bytes.push_back(static_cast<uint8_t>(i * i % 251));
    for (int64_t i = 0; i < count; ++i) labels.bytes.push_back(static_cast<uint8_t>(i % 10));
    data::write_idx(directory_ / (part + "-images-idx3-ubyte"), images);
    data::write_idx(directory_ / (part + "-labels-idx1-ubyte"), labels);
  }

  test::TemporaryDirectory directory_;
};

// The article's last lines, and the sizes of its files.
TEST_F(Exports, ArticlesJobEndsAsItDoes) {
  write_digits("train", 20);
  write_digits("t10k", 10);
  const test::Output output = test::run_training(
      test::source_dir() / "configs/keras-mnist.yaml", directory_.path(), directory_ / "out",
      {{"train.epochs", "2"}, {"train.batch_size", "10"}, {"keras.epsilon", "1e-7"}});
  ASSERT_EQ(output.exit_code, 0) << output.err;
  const std::string prefix = directory_ / "out/mnist-cnn-2";
  EXPECT_THAT(
      output.out,
      EndsWith("Saved Keras model\n"
               "MXNet Backend: Successfully exported the model as MXNet model!\n"
               "MXNet symbol file -  " +
               prefix +
               "-symbol.json\n"
               "MXNet params file -  " +
               prefix +
               "-0000.params\n"
               "\n"
               "Model input data_names and data_shapes are: \n"
               "data_names :  ['/conv2d_1_input1']\n"
               "data_shapes :  [DataDesc[/conv2d_1_input1,(10, 1, 28, 28),float32,NCHW]]\n"
               "\n"
               "Note: In the above data_shapes, the first dimension represent the batch_size used "
               "for model training. \n"
               "You can change the batch_size for binding the module based on your inference "
               "batch_size.\n"
               "Saved MXNet model\n"));
  EXPECT_EQ(std::filesystem::file_size(prefix + "-0000.params"), 4'800'092u);
  EXPECT_EQ(std::filesystem::file_size(prefix + "-symbol.json"), 4'817u);
  const auto keras = static_cast<double>(std::filesystem::file_size(prefix + ".hd5"));
  EXPECT_NEAR(keras, 4'822'688, 48'227);
}

TEST_F(Exports, OtherLogsSayNothing) {
  test::write_tiny_pictures(directory_.path(), "train", 12);
  test::write_tiny_pictures(directory_.path(), "t10k", 6);
  const std::string recipe = directory_ / "recipe.yaml";
  write_file_atomically(recipe, std::string_view(test::kTinyRecipe));
  const test::Output output = test::run_training(
      recipe, directory_.path(), directory_ / "out",
      {{"output.export", "[onnx, npz]"}, {"output.name", "tiny-${train.batch_size}"}});
  EXPECT_THAT(output.out, EndsWith("Saving the model.\n"));
  EXPECT_EQ(nn::read_onnx(directory_ / "out/tiny-4.onnx").at("1.weight").shape(), (Shape{3, 4}));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "out/tiny-4.npz"));
}

TEST_F(Exports, WhatAFormatLacksIsSaidBeforeTraining) {
  test::write_tiny_pictures(directory_.path(), "train", 12);
  test::write_tiny_pictures(directory_.path(), "t10k", 6);
  const std::string recipe = directory_ / "recipe.yaml";
  write_file_atomically(recipe, std::string_view(test::kTinyRecipe));
  const std::map<std::string, std::string> settings = {
      {"model.layers", "[{adaptive_avg_pool2d: [2, 1]}, flatten, {linear: 3}, log_softmax]"},
      {"output.export", "[keras]"}};
  EXPECT_THAT([&] { test::run_training(recipe, directory_.path(), directory_ / "out", settings); },
              testing::ThrowsMessage<std::invalid_argument>(HasSubstr("output.export: keras: ")));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "out"));
}

TEST_F(Exports, NamesReferToKeysThatThereAre) {
  test::write_tiny_pictures(directory_.path(), "train", 12);
  const std::string recipe = directory_ / "recipe.yaml";
  write_file_atomically(recipe, std::string_view(test::kTinyRecipe));
  const auto message = [&](const std::string& key, const std::string& value) {
    try {
      test::run_training(recipe, directory_.path(), directory_ / "out", {{key, value}});
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message("output.name", "a-${train.epoch}"),
            "--set output.name=a-${train.epoch}: output.name: 'train.epoch' is not a key with a "
            "value; did you mean 'train.epochs'?");
  EXPECT_EQ(message("output.export", "[onnx, keras3]"),
            "--set output.export=[onnx, keras3]:1:1: output.export: expected keras, mxnet, npz or "
            "onnx, got 'keras3'");
  EXPECT_EQ(message("output.name", "a/b"),
            "--set output.name=a/b: output.name: expected a file's name without a folder, got "
            "'a/b'");
}

}  // namespace
}  // namespace smtrain::app
