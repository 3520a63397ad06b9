// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/resident_samples.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/data/loader.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/ops/image_batch.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::ThrowsMessage;

const std::vector<double> kMean = {0.4, 0.5, 0.6}, kStd = {0.2, 0.3, 0.4};

/// Eighteen pictures of two classes.
class ResidentFolder : public ::testing::Test {
 protected:
  void write(int64_t height, int64_t width) {
    test::write_picture_folder(directory_.path(), 2, 9, height, width);
    folder_ = std::make_shared<ImageFolder>(directory_.path());
  }

  const test::TemporaryDirectory directory_;
  std::shared_ptr<const ImageFolder> folder_;
};

TEST_F(ResidentFolder, GivesTheBatchesOfALoader) {
  write(6, 5);
  const auto resize = std::make_shared<Resize>(Size2d(8, 7));
  const auto crop = std::make_shared<RandomCrop>(Size2d(6, 6), 1);
  const auto flip = std::make_shared<RandomHorizontalFlip>();
  const auto small = std::make_shared<RandomCrop>(Size2d(3, 4));
  for (const Transforms& transforms :
       {Transforms{}, Transforms{resize}, Transforms{resize, crop, flip},
        Transforms{std::make_shared<CenterCrop>(Size2d(7, 9)), flip, small},
        Transforms{crop, flip, small, std::make_shared<RandomVerticalFlip>()}}) {
    SCOPED_TRACE(Compose(transforms).description());
    DataLoader loader(folder_,
                      {.batch_size = 5, .shuffle = true, .transforms = transforms, .raw = true});
    for (const int threads : {0, 2}) {
      const ResidentSamples samples(folder_, transforms, Device::cpu(), threads);
      const Epoch epoch = loader.start_epoch();
      for (const Batch& batch : loader.batches(epoch)) {
        const auto [index, crops] = samples.select(batch.indices, epoch.seed);
        EXPECT_EQ(gather_images(samples.images(), index, crops, samples.crop_size(), kMean, kStd)
                      .to_vector<float>(),
                  normalize_images(batch.images, kMean, kStd).to_vector<float>());
        EXPECT_EQ(take_rows(samples.targets(), index).to_vector<int64_t>(),
                  batch.targets.to_vector<int64_t>());
      }
    }
  }
}

TEST_F(ResidentFolder, SaysWhatItTakes) {
  write(6, 5);
  EXPECT_THAT(ResidentSamples::bytes(folder_, {}), Optional(18 * 6 * 5 * 3));
  EXPECT_THAT(ResidentSamples::bytes(folder_, {std::make_shared<Resize>(Size2d(4, 4)),
                                               std::make_shared<RandomCrop>(Size2d(2, 2))}),
              Optional(18 * 4 * 4 * 3));
  // What follows a random transform is no crop, or a crop of a crop that reaches over its edges.
  const auto flip = std::make_shared<RandomHorizontalFlip>();
  for (const Transforms& transforms :
       {Transforms{flip, std::make_shared<Resize>(Size2d(4, 4))},
        Transforms{flip, std::make_shared<RandomCrop>(Size2d(4, 4), 1)},
        Transforms{flip, std::make_shared<CenterCrop>(Size2d(4, 4))}}) {
    EXPECT_EQ(ResidentSamples::bytes(folder_, transforms), std::nullopt);
    EXPECT_THAT([&] { ResidentSamples(folder_, transforms, Device::cpu(), 0); },
                ThrowsMessage<std::invalid_argument>(
                    HasSubstr("is more than crops and flips from the first random transform on")));
  }
}

TEST_F(ResidentFolder, NeedsPicturesOfOneSize) {
  write(6, 5);
  write_png(directory_ / "b/09.png", test::numbered_picture(3, 7, 5));
  folder_ = std::make_shared<ImageFolder>(directory_.path());
  EXPECT_THAT([&] { ResidentSamples(folder_, {}, Device::cpu(), 2); },
              ThrowsMessage<BadInput>(HasSubstr("pictures of one size are needed")));
}

TEST(ResidentSamples, OfRealNumbersAreTheNumbers) {
  Array images{DType::f32, {2, 1, 2, 1}, {}}, labels{DType::u8, {2}, {1, 0}};
  const float values[] = {0.5f, -2, 3, 0.25f};
  images.bytes.assign(reinterpret_cast<const uint8_t*>(values),
                      reinterpret_cast<const uint8_t*>(values + 4));
  const auto arrays = std::make_shared<ArrayDataset>(NamedArray{"images", std::move(images)},
                                                     NamedArray{"labels", std::move(labels)});
  const ResidentSamples samples(arrays, {}, Device::cpu(), 0);
  const int64_t second[] = {1};
  const auto [index, crops] = samples.select(second, 0);
  EXPECT_FALSE(crops.defined());
  EXPECT_THAT(gather_images(samples.images(), index, crops, samples.crop_size(), {0}, {1})
                  .to_vector<float>(),
              testing::ElementsAre(3, 0.25f));
  EXPECT_THAT(samples.targets().to_vector<int64_t>(), testing::ElementsAre(1, 0));
}

}  // namespace
}  // namespace smtrain::data
