// SPDX-License-Identifier: Apache-2.0

// A job with Keras' settings: the layout of its arrays and the file that they are defaults from.

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/job/job_data.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/training_job.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using test::Output;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr char kRecipe[] = R"(
model: {layers: [{conv2d: {out_channels: 4, kernel_size: 3}}, relu, flatten, {linear: 3}, log_softmax]}
data:
  format: npz
  train: {path: "${channel:training}/digits.npz", images: arrays/x_train, labels: arrays/y_train}
  validation: {path: "${channel:training}/digits.npz", images: arrays/x_train, labels: arrays/y_train}
  transform: [to_tensor]
train: {epochs: 2, batch_size: 4, optimizer: {name: keras_adam, lr: 0.01}, initializer: keras}
)";

/// 13 pictures 7 high and 6 wide, in either layout.
Array pictures(DType dtype, int64_t channels, ImageDataFormat format) {
  constexpr int64_t kCount = 13, kHeight = 7, kWidth = 6;
  const bool first = format == ImageDataFormat::channels_first;
  const Shape shape = array_shape(kCount, {channels, kHeight, kWidth}, format);
  Array array{dtype, shape, std::vector<uint8_t>(shape.numel() * size_of(dtype))};
  for (int64_t n = 0; n < kCount; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t pixel = 0; pixel < kHeight * kWidth; ++pixel) {
        const int64_t at = first ? (n * channels + c) * kHeight * kWidth + pixel
                                 : (n * kHeight * kWidth + pixel) * channels + c;
        const auto byte = static_cast<uint8_t>(n * 31 + c * 57 + pixel * (1 + n % 3) * 5);
        if (dtype == DType::u8) {
          array.bytes[static_cast<size_t>(at)] = byte;
        } else {
          const float value = static_cast<float>(byte) / 255;
          std::memcpy(&array.bytes[static_cast<size_t>(at) * sizeof value], &value, sizeof value);
        }
      }
    }
  }
  return array;
}

class KerasJob : public testing::Test {
 protected:
  KerasJob() { write_file_atomically(recipe_, std::string_view(kRecipe)); }

  /// digits.npz with these pictures and their classes.
  void write_npz(const Array& images) {
    Array labels{DType::u8, {images.shape[0]}, {}};
    for (int64_t i = 0; i < images.shape[0]; ++i)
      labels.bytes.push_back(static_cast<uint8_t>(i % 3));
    smtrain::write_npz(directory_.path() / "digits.npz",
                       {{"arrays/x_train", images}, {"arrays/y_train", labels}});
  }

  Output run(const std::map<std::string, std::string>& settings) {
    return test::run_training(recipe_, directory_.path(), directory_ / "out", settings);
  }

  std::string evaluated() {
    std::ostringstream out, err;
    evaluate({.model = directory_ / "out", .settings = {}}, out, err);
    return out.str();
  }

  test::TemporaryDirectory directory_;
  const std::string recipe_ = directory_ / "recipe.yaml";
};

TEST_F(KerasJob, BothLayoutsOfTheSameDataGiveTheSameBits) {
  for (const DType dtype : {DType::u8, DType::f32}) {
    for (const int64_t channels : {1, 3}) {
      SCOPED_TRACE(testing::Message() << dtype << " " << channels);
      write_npz(pictures(dtype, channels, ImageDataFormat::channels_last));
      const Output last = run({{"keras.image_data_format", "channels_last"}});
      const std::string weights = test::text_of(directory_ / "out/model.pth");
      const std::string answers = evaluated();

      write_npz(pictures(dtype, channels, ImageDataFormat::channels_first));
      const Output first = run({{"keras.image_data_format", "channels_first"}});
      EXPECT_EQ(first.out, last.out);
      EXPECT_TRUE(test::text_of(directory_ / "out/model.pth") == weights);
      EXPECT_EQ(evaluated(), answers);  // the model remembers the layout of its data
    }
  }
}

TEST_F(KerasJob, TheOtherLayoutIsRefusedWithBothReadings) {
  const std::string array = directory_ / "digits.npz" + ": arrays/x_train: ";
  write_npz(pictures(DType::u8, 1, ImageDataFormat::channels_first));
  EXPECT_THAT(
      [&] {
        run({{"keras.image_data_format", "channels_last"}});
      },
      ThrowsMessage<std::invalid_argument>(
          array + "shape [13, 1, 7, 6] is pictures of 6 channels, 1x7 as channels_last, and of 1 "
                  "channels, 7x6 as channels_first; expected at most 4 channels, and "
                  "keras.image_data_format is channels_last"));
  write_npz(pictures(DType::f32, 3, ImageDataFormat::channels_last));
  EXPECT_THAT(
      [&] {
        run({{"keras.image_data_format", "channels_first"}});
      },
      ThrowsMessage<std::invalid_argument>(
          array + "shape [13, 7, 6, 3] is pictures of 3 channels, 7x6 as channels_last, and of 7 "
                  "channels, 6x3 as channels_first; expected at most 4 channels, and "
                  "keras.image_data_format is channels_first"));
}

TEST_F(KerasJob, TakesTheLayoutAndEpsilonFromKerasFile) {
  write_npz(pictures(DType::u8, 1, ImageDataFormat::channels_first));
  write_file_atomically(
      directory_ / "keras.json",
      std::string_view(R"({"epsilon": 0.5, "image_data_format": "channels_first"})"));
  const Output result = run({});
  EXPECT_THAT(result.err,
              testing::StartsWith("smtrain: Keras' settings: " + directory_ / "keras.json" + "\n"));
  const std::string resolved = test::text_of(directory_ / "out/recipe.yaml");
  EXPECT_THAT(resolved, HasSubstr("    eps: 0.5\n"));
  EXPECT_THAT(resolved, HasSubstr("  image_data_format: channels_first\n"));

  const std::string weights = test::text_of(directory_ / "out/model.pth");
  const Output own = run({{"train.optimizer.eps", "1e-7"}});
  EXPECT_NE(own.out, result.out);  // the epsilon is part of the arithmetic
  EXPECT_FALSE(test::text_of(directory_ / "out/model.pth") == weights);
}

TEST(ArrayShape, IsThatOfTheFile) {
  EXPECT_EQ(array_shape(60000, {1, 28, 20}, ImageDataFormat::channels_first),
            (Shape{60000, 1, 28, 20}));
  EXPECT_EQ(array_shape(60000, {1, 28, 20}, ImageDataFormat::channels_last),
            (Shape{60000, 28, 20, 1}));
}

}  // namespace
}  // namespace smtrain::app
