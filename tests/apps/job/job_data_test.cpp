// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/job_data.h"

#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace smtrain::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

std::vector<std::string> descriptions(const DataOptions& options, Split split) {
  std::vector<std::string> texts;
  for (const auto& transform : pixel_transforms(options, split))
    texts.push_back(transform->description());
  return texts;
}

TEST(PixelTransforms, AreLeftToChanceInTrainingAlone) {
  const DataOptions options{
      .transform = {Resize{{5}}, RandomCrop{{3, 2}, 4}, RandomHorizontalFlip{}, ToTensor{}}};
  EXPECT_THAT(descriptions(options, Split::validation),
              ElementsAre("Resize(5, bilinear)", "CenterCrop(3x2)"));
  const auto training = descriptions(options, Split::train);
  ASSERT_EQ(training.size(), 3);
  EXPECT_EQ(training[1], "RandomCrop(3x2, padding 4)");
}

size_t largest_block = SIZE_MAX;  // that the device below has

Device little_device() {
  static const DeviceTable memory = [] {
    DeviceTable table = cpu_device();
    table.allocate = [](size_t bytes) -> void* {
      return bytes > largest_block ? nullptr : cpu_device().allocate(bytes);
    };
    return table;
  }();
  static const Device device = register_device("little", cpu_kernels(), memory);
  return device;
}

/// Pictures of 6x5 pixels, 18 of them, which train on a device of its own.
class KeepOnDevice : public testing::Test {
 protected:
  KeepOnDevice() : context_({.device = little_device()}), guard_(context_) {
    largest_block = SIZE_MAX;
    test::write_picture_folder(directory_.path(), 2, 9);
  }

  std::shared_ptr<const data::ResidentSamples> kept(Cache cache) {
    Recipe recipe;
    recipe.data.train.path = directory_.path().string();
    recipe.data.transform = {RandomCrop{{3, 3}, 0}, ToTensor{}};
    recipe.data.cache = cache;
    notes_.clear();
    std::ostringstream err;
    const JobData data = open_data(recipe, Split::train, {}, err);
    return keep_on_device(data, recipe.data, notes_);
  }

  const test::TemporaryDirectory directory_;
  Context context_;
  const ContextGuard guard_;
  std::vector<std::string> notes_;
};

TEST_F(KeepOnDevice, SaysNothingWhereItsPicturesAreThereOrNeedNotBe) {
  for (const Cache cache : {Cache::automatic, Cache::ram, Cache::disk, Cache::device}) {
    EXPECT_NE(kept(cache), nullptr);
    EXPECT_THAT(notes_, IsEmpty());
  }
  EXPECT_EQ(kept(Cache::none), nullptr);
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(KeepOnDevice, SaysThatPicturesOfSeveralSizesStayOnTheHost) {
  data::write_png(directory_ / "b/08.png", test::numbered_picture(1, 8, 8));
  for (const Cache cache : {Cache::automatic, Cache::ram, Cache::disk}) {
    EXPECT_EQ(kept(cache), nullptr);
    EXPECT_THAT(notes_, ElementsAre(MatchesRegex(
                            "data\\.cache: training pictures stay on the host, and their batches "
                            "are copied to little: .*b/08\\.png.*")));
  }
  EXPECT_THROW(kept(Cache::device), BadInput);
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(KeepOnDevice, SaysThatPicturesWithoutMemoryStayOnTheHost) {
  largest_block = 1000;
  for (const Cache cache : {Cache::automatic, Cache::ram, Cache::disk}) {
    EXPECT_EQ(kept(cache), nullptr);
    EXPECT_THAT(notes_, ElementsAre(StartsWith(
                            "data.cache: training pictures stay on the host, and their batches are "
                            "copied to little: allocate: out of memory on little: ")));
  }
  EXPECT_THROW(kept(Cache::device), OutOfMemory);
  EXPECT_THAT(notes_, IsEmpty());
}

}  // namespace
}  // namespace smtrain::app
