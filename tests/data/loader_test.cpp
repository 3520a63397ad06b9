// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/loader.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/data/crop.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/engine/allocator.h"
#include "smtrain/engine/context.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

namespace smtrain::data {
namespace {

using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::ThrowsMessage;

/// A batch as plain values.
struct BatchValues {
  Shape shape;
  std::vector<float> images;
  std::vector<int64_t> targets, indices;

  bool operator==(const BatchValues&) const = default;
};

BatchValues values_of(const Batch& batch) {
  return {batch.images.shape(), batch.images.to_vector<float>(), batch.targets.to_vector<int64_t>(),
          batch.indices};
}

template <typename Batches>
std::vector<BatchValues> all_values(Batches&& batches) {
  std::vector<BatchValues> values;
  for (const Batch& batch : batches) values.push_back(values_of(batch));
  return values;
}

/// Two classes of nine pictures [3, 6, 5].
class FolderLoader : public ::testing::Test {
 protected:
  FolderLoader() {
    test::write_picture_folder(directory_.path(), 2, 9);
    folder_ = std::make_shared<ImageFolder>(directory_.path());
  }

  const TemporaryDirectory directory_;
  std::shared_ptr<const ImageFolder> folder_;
};

/// `count` grey pictures of 2 x 3 pixels: picture i holds the bytes i, i + 1, ..., i + 5.
std::shared_ptr<ArrayDataset> small_array(int64_t count) {
  Array images{DType::u8, {count, 2, 3}, {}}, labels{DType::u8, {count}, {}};
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t pixel = 0; pixel < 6; ++pixel) {
      images.bytes.push_back(static_cast<uint8_t>(i + pixel));
    }
    labels.bytes.push_back(static_cast<uint8_t>(i % 3));
  }
  return std::make_shared<ArrayDataset>(NamedArray{"images", std::move(images)},
                                        NamedArray{"labels", std::move(labels)});
}

TEST_F(FolderLoader, AnyNumberOfThreadsGivesTheSameBatches) {
  const auto two_epochs = [&](int threads) {
    Context context({.seed = 7});
    const ContextGuard guard(context);
    DataLoader loader(folder_, {.batch_size = 4,
                                .shuffle = true,
                                .threads = threads,
                                .prefetch = 2,
                                .transforms = {std::make_shared<RandomCrop>(Size2d{4, 4}, 1),
                                               std::make_shared<RandomHorizontalFlip>()},
                                .normalization = {{0.5f}, {0.25f}}});
    std::vector<BatchValues> values = all_values(loader);
    std::ranges::copy(all_values(loader), std::back_inserter(values));
    return values;
  };
  const auto expected = two_epochs(0);
  ASSERT_EQ(expected.size(), 10);
  EXPECT_EQ(expected[0].shape, Shape({4, 3, 4, 4}));
  EXPECT_EQ(expected[4].shape, Shape({2, 3, 4, 4}));
  EXPECT_NE(expected[0].indices, expected[5].indices);  // another order in the second epoch
  for (const int threads : {1, 2, 4}) EXPECT_EQ(two_epochs(threads), expected) << threads;
}

TEST_F(FolderLoader, RandomTransformsDifferBetweenEpochs) {
  DataLoader loader(folder_,
                    {.batch_size = 18, .transforms = {std::make_shared<RandomHorizontalFlip>()}});
  const auto first = all_values(loader), second = all_values(loader);
  EXPECT_EQ(first[0].indices, second[0].indices);
  EXPECT_NE(first[0].images, second[0].images);
}

TEST_F(FolderLoader, HandsOutWhatToFloatGives) {
  const Normalization normalization{{0.1f, 0.2f, 0.3f}, {0.5f, 0.6f, 0.7f}};
  DataLoader loader(folder_, {.batch_size = 5, .normalization = normalization});
  EXPECT_EQ(loader.size(), 4);
  EXPECT_EQ(loader.sample_shape(), Shape({3, 6, 5}));
  int64_t index = 0;
  for (auto& [images, targets] : loader) {
    EXPECT_EQ(images.dtype(), DType::f32);
    EXPECT_TRUE(images.is_contiguous(MemoryFormat::channels_last));
    std::vector<float> expected;
    std::vector<int64_t> expected_targets;
    for (int64_t row = 0; row < images.size(0); ++row, ++index) {
      std::ranges::copy(to_float(folder_->get(index).image, normalization),
                        std::back_inserter(expected));
      expected_targets.push_back(folder_->target(index));
    }
    EXPECT_THAT(images.to_vector<float>(), ElementsAreArray(expected));
    EXPECT_EQ(targets.to_vector<int64_t>(), expected_targets);
  }
  EXPECT_EQ(index, 18);
}

TEST_F(FolderLoader, RawBatchesHoldThePixels) {
  DataLoader loader(folder_, {.batch_size = 4, .raw = true});
  const BatchIterator first = loader.begin();
  const Batch& batch = *first;
  EXPECT_EQ(batch.size(), 4);
  EXPECT_EQ(batch.images.dtype(), DType::u8);
  EXPECT_EQ(batch.images.shape(), Shape({4, 3, 6, 5}));
  EXPECT_TRUE(batch.images.is_contiguous(MemoryFormat::channels_last));
  EXPECT_EQ(std::memcmp(batch.images.data(), test::numbered_picture(0, 6, 5).pixels.data(), 90), 0);
}

TEST(DataLoader, LastBatchIsShortOrLeftOut) {
  for (const int threads : {0, 2}) {
    DataLoader kept(small_array(7), {.batch_size = 3, .threads = threads});
    EXPECT_EQ(kept.size(), 3);
    EXPECT_THAT(all_values(kept).back().indices, ElementsAre(6));
    DataLoader dropped(small_array(7), {.batch_size = 3, .drop_last = true, .threads = threads});
    EXPECT_EQ(dropped.size(), 2);
    EXPECT_THAT(all_values(dropped).back().indices, ElementsAre(3, 4, 5));
    DataLoader even(small_array(6), {.batch_size = 3, .threads = threads});
    EXPECT_EQ(all_values(even).size(), 2);
    DataLoader none(small_array(2), {.batch_size = 3, .drop_last = true, .threads = threads});
    EXPECT_EQ(none.size(), 0);
    EXPECT_TRUE(all_values(none).empty());
  }
}

TEST(DataLoader, AnEpochDrawsOnceFromTheCurrentContext) {
  Context context({.seed = 3});
  const ContextGuard guard(context);
  DataLoader loader(small_array(10), {.batch_size = 4, .shuffle = true});
  std::vector<int64_t> order;
  for (const Batch& batch : loader) std::ranges::copy(batch.indices, std::back_inserter(order));

  Generator generator(3);
  RandomSampler sampler(10);
  EXPECT_EQ(order, sampler.start_epoch(generator).order);
  EXPECT_EQ(context.generator().state(), generator.state());
}

TEST_F(FolderLoader, ContinuesWithinAnEpoch) {
  DataLoader loader(folder_, {.batch_size = 4,
                              .shuffle = true,
                              .threads = 2,
                              .transforms = {std::make_shared<RandomHorizontalFlip>()}});
  const Epoch epoch = loader.start_epoch();
  const auto all = all_values(loader.batches(epoch));
  for (int64_t first = 0; first <= 5; ++first) {
    const auto rest = all_values(loader.batches(epoch, first));
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), all.begin() + first, all.end())) << first;
  }
  EXPECT_THAT([&] { loader.batches(epoch, 6); },
              ThrowsMessage<std::invalid_argument>(
                  "DataLoader: expected a first batch from 0 to 5, got 6"));
}

TEST(DataLoader, HandsOutValuesOfArrays) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};  // [1, 2, 2, 2]: channels last
  Array images{DType::f32, {1, 2, 2, 2}, std::vector<uint8_t>(32)};
  std::memcpy(images.bytes.data(), values.data(), 32);
  const auto dataset = std::make_shared<ArrayDataset>(NamedArray{"images", images},
                                                      NamedArray{"labels", {DType::u8, {1}, {0}}});
  DataLoader plain(dataset);
  EXPECT_THAT((*plain.begin()).images.to_vector<float>(), ElementsAre(1, 3, 5, 7, 2, 4, 6, 8));
  DataLoader normalized(dataset, {.normalization = {{1, 2}, {1, 2}}});
  EXPECT_THAT((*normalized.begin()).images.to_vector<float>(), ElementsAre(0, 2, 4, 6, 0, 1, 2, 3));
  DataLoader raw(dataset, {.raw = true});
  EXPECT_THAT((*raw.begin()).images.to_vector<float>(), ElementsAre(1, 3, 5, 7, 2, 4, 6, 8));

  EXPECT_THAT([&] { DataLoader(dataset, {.transforms = {std::make_shared<Grayscale>()}}); },
              ThrowsMessage<std::invalid_argument>(
                  "DataLoader: images[0] holds f32 values, and transforms take u8 pixels"));
}

TEST_F(FolderLoader, NamesTheFirstFileThatCannotBeRead) {
  write_file_atomically(directory_ / "b/03.png", "no picture");
  std::filesystem::remove(directory_ / "b/05.png");
  for (const int threads : {0, 1, 2, 4}) {
    DataLoader loader(folder_, {.batch_size = 4, .threads = threads});
    auto batch = loader.begin();
    EXPECT_THAT((++batch)->indices, ElementsAre(4, 5, 6, 7)) << threads;
    EXPECT_THAT((++batch)->indices, ElementsAre(8, 9, 10, 11));
    EXPECT_THAT([&] { ++batch; },
                ThrowsMessage<std::runtime_error>(::testing::HasSubstr(directory_ / "b/03.png")));
  }
}

TEST_F(FolderLoader, NamesPicturesOfDifferentSizes) {
  write_png(directory_ / "a/05.png", test::numbered_picture(0, 7, 5));
  for (const int threads : {0, 2}) {
    DataLoader loader(folder_, {.batch_size = 18, .threads = threads});
    EXPECT_THAT(
        [&] { loader.begin(); },
        ThrowsMessage<std::runtime_error>(
            "DataLoader: pictures of one size are needed, but " + (directory_ / "a/05.png") +
            " is [3, 7, 5] and " + (directory_ / "a/00.png") +
            " is [3, 6, 5] ([channels, height, width] after the transforms); add resize: [H, W]"));
  }
}

TEST_F(FolderLoader, EndsInTheMiddleOfAnEpoch) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    DataLoader loader(folder_, {.batch_size = 1, .threads = 4, .prefetch = 8});
    for (const Batch& batch : loader) {
      if (batch.indices[0] == repeat % 3) break;
    }
  }
  DataLoader loader(folder_, {.batch_size = 4, .threads = 2});
  auto first = loader.begin(), second = loader.begin();  // two epochs side by side
  EXPECT_EQ(values_of(*first), values_of(*second));
  EXPECT_THAT((++first)->indices, ElementsAre(4, 5, 6, 7));
  EXPECT_THAT((++second)->indices, ElementsAre(4, 5, 6, 7));
}

TEST_F(FolderLoader, MemoryIsBoundedByWhatIsPrefetched) {
  Context context;
  const ContextGuard guard(context);
  const auto& allocator = context.allocator(Device::cpu());
  DataLoader loader(folder_, {.batch_size = 1, .threads = 2, .prefetch = 3, .raw = true});
  for (const Batch& batch : loader) {
    EXPECT_EQ(batch.size(), 1);
    // The current batch's images and targets, and the images of the three behind it.
    EXPECT_LE(allocator->stats().bytes_in_use, 5 * 256);
  }
  EXPECT_LE(allocator->stats().device_allocations, 5);
  EXPECT_EQ(allocator->stats().bytes_in_use, 0);
}

TEST_F(FolderLoader, ABatchThatIsKeptStaysAsItIs) {
  DataLoader loader(folder_, {.batch_size = 4, .threads = 2, .prefetch = 1, .raw = true});
  Tensor kept;
  for (auto& [images, targets] : loader) {
    if (!kept.defined()) kept = images;
  }
  EXPECT_EQ(std::memcmp(kept.data(), test::numbered_picture(0, 6, 5).pixels.data(), 90), 0);
}

TEST(DataLoader, NamesWhatWasWrong) {
  const auto refuses = [](DataLoaderOptions options, const std::string& message) {
    EXPECT_THAT([&] { DataLoader(small_array(3), options); },
                ThrowsMessage<std::invalid_argument>("DataLoader: " + message));
  };
  refuses({.batch_size = 0}, "expected a batch_size of at least 1, got 0");
  refuses({.threads = -1},
          "expected threads of at least 0 and a prefetch of at least 1, got -1 "
          "and 4");
  refuses({.prefetch = 0},
          "expected threads of at least 0 and a prefetch of at least 1, got 0 "
          "and 0");
  refuses({.shuffle = true, .sampler = std::make_shared<SequentialSampler>(3)},
          "shuffle and a sampler both decide the order, give one of them");
  EXPECT_THAT([] { DataLoader(nullptr); },
              ThrowsMessage<std::invalid_argument>(
                  "DataLoader: expected a dataset of at least one sample"));
}

}  // namespace
}  // namespace smtrain::data
