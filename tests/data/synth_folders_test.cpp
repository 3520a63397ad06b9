// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/synth_folders.h"

#include "smtrain/data/image_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain::data {
namespace {

using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

TEST(DrawShape, IsAFunctionOfItsArguments) {
  const Image image = draw_shape(3, 96, 1, 0, 5);
  EXPECT_EQ(draw_shape(3, 96, 1, 0, 5).pixels, image.pixels);
  EXPECT_NE(draw_shape(3, 96, 2, 0, 5).pixels, image.pixels);
  EXPECT_NE(draw_shape(3, 96, 1, 1, 5).pixels, image.pixels);
  EXPECT_NE(draw_shape(3, 96, 1, 0, 6).pixels, image.pixels);
  EXPECT_GE(image.height, 72);
  EXPECT_LE(image.height, 120);
}

TEST(DrawShape, EveryClassHasItsNameAndPicture) {
  std::vector<std::string> names;
  for (int c = 0; c < kMaxShapeClasses; ++c) {
    names.push_back(shape_class_name(c));
    EXPECT_EQ(draw_shape(c, 32, 1, 0, 0).channels, 3);
  }
  EXPECT_EQ(names[0], "disk");
  EXPECT_EQ(names[7], "striped_square");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_THAT([] { draw_shape(24, 32, 1, 0, 0); },
              ThrowsMessage<std::invalid_argument>("draw_shape: expected class 0 to 23, got 24"));
}

TEST(WriteSynthFolders, MakesWhatImageFolderReads) {
  const test::TemporaryDirectory directory;
  write_synth_folders(directory.path(), {.classes = 3, .train = 4, .validation = 2, .side = 32});
  const ImageFolder train(directory.path() / "train");
  EXPECT_THAT(train.classes(), ElementsAre("disk", "square", "triangle"));
  ASSERT_EQ(train.size(), 12);
  EXPECT_EQ(train.source(4), directory / "train/square/square_00001.png");
  EXPECT_EQ(train.get(4).image.pixels, draw_shape(1, 32, 1, 0, 4).pixels);
  EXPECT_EQ(ImageFolder(directory.path() / "validation").size(), 6);
}

TEST(WriteSynthFolders, NamesWhatItCannotDo) {
  const test::TemporaryDirectory directory;
  const auto refuses = [&](const SynthFoldersOptions& options, const std::string& message) {
    EXPECT_THAT([&] { write_synth_folders(directory.path(), options); },
                ThrowsMessage<std::invalid_argument>("synth folders: " + message));
  };
  refuses({.classes = 25}, "classes must be 1 to 24, got 25");
  refuses({.train = 0},
          "pictures per class must be at least 1 for train and 0 for validation, got 0 and 200");
  refuses({.side = 8}, "side must be 16 to 4096, got 8");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(WriteSynthFolders, HandsOnAnErrorOfItsThreads) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "train/disk/disk_00003.png");
  EXPECT_THAT(
      [&] {
        write_synth_folders(directory.path(),
                            {.classes = 1, .train = 4, .validation = 0, .side = 16});
      },
      ThrowsMessage<std::runtime_error>((directory / "train/disk/disk_00003.png") +
                                        ": cannot replace: Is a directory"));
}

}  // namespace
}  // namespace smtrain::data
