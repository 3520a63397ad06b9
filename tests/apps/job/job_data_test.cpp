// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/job_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::app {
namespace {

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
              testing::ElementsAre("Resize(5, bilinear)", "CenterCrop(3x2)"));
  const auto training = descriptions(options, Split::train);
  ASSERT_EQ(training.size(), 3);
  EXPECT_EQ(training[1], "RandomCrop(3x2, padding 4)");
}

}  // namespace
}  // namespace smtrain::app
