// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/cache.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/data/cache_format.h"
#include "smtrain/data/crop.h"
#include "smtrain/data/image_folder.h"
#include "smtrain/data/loader.h"
#include "smtrain/data/readable_samples.h"
#include "smtrain/engine/context.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>

namespace smtrain::data {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// Counts how often a dataset is read.
class CountedDataset : public Dataset {
 public:
  explicit CountedDataset(const fs::path& root, const DecodeOptions& options = {})
      : folder_(root, options) {}
  int64_t size() const override { return folder_.size(); }
  Sample get(int64_t index) const override {
    ++reads;
    return folder_.get(index);
  }
  int64_t target(int64_t index) const override { return folder_.target(index); }
  std::string source(int64_t index) const override { return folder_.source(index); }
  std::string decoding() const override { return folder_.decoding(); }
  const std::vector<std::string>& classes() const override { return folder_.classes(); }

  mutable std::atomic<int> reads = 0;

 private:
  ImageFolder folder_;
};

/// Two classes of 12 pictures [3, 9, 8].
class Cache : public ::testing::Test {
 protected:
  static constexpr int kPictures = 24;

  Cache() { test::write_picture_folder(directory_.path() / "data", 2, 12, 9, 8); }

  std::shared_ptr<CountedDataset> open(const DecodeOptions& options = {}) const {
    return std::make_shared<CountedDataset>(directory_.path() / "data", options);
  }

  CacheOptions options(CacheMode mode, int threads = 0) {
    return {.mode = mode,
            .directory = directory_.path() / "scratch/cache",
            .threads = threads,
            .warn = [this](const std::string& line) { warnings_.push_back(line); }};
  }

  /// Files of the scratch directory.
  std::vector<fs::path> files() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(directory_.path() / "scratch/cache")) {
      paths.push_back(entry.path());
    }
    return paths;
  }

  /// How many pictures making a disk cache reads. One is read to see whether there are pixels.
  int reads_of(const Transforms& transforms, const DecodeOptions& decode_options = {}) {
    const auto dataset = open(decode_options);
    cached(dataset, transforms, options(CacheMode::disk));
    return dataset->reads - 1;
  }

  const test::TemporaryDirectory directory_;
  std::vector<std::string> warnings_;
  const Transforms transforms_ = {std::make_shared<Resize>(Size2d{6, 7}),
                                  std::make_shared<RandomCrop>(Size2d{4, 4}),
                                  std::make_shared<Grayscale>()};
};

TEST_F(Cache, EveryModeAndAnyThreadsGiveTheSameBatches) {
  const auto epochs = [&](CacheMode mode, int threads) {
    Context context({.seed = 5});
    const ContextGuard guard(context);
    const auto [dataset, rest] = cached(open(), transforms_, options(mode, threads));
    DataLoader loader(dataset,
                      {.batch_size = 5, .shuffle = true, .threads = threads, .transforms = rest});
    std::vector<std::pair<std::vector<float>, std::vector<int64_t>>> batches;
    for (int epoch = 0; epoch < 2; ++epoch) {
      for (auto& [images, targets] : loader) {
        batches.emplace_back(images.to_vector<float>(), targets.to_vector<int64_t>());
      }
    }
    return batches;
  };
  const auto expected = epochs(CacheMode::none, 0);
  ASSERT_EQ(expected.size(), 10);
  for (const CacheMode mode : {CacheMode::none, CacheMode::ram, CacheMode::disk}) {
    for (const int threads : {0, 1, 2, 4}) EXPECT_EQ(epochs(mode, threads), expected);
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Cache, KeepsWhatComesBeforeTheFirstRandomTransform) {
  const auto dataset = open();
  for (const CacheMode mode : {CacheMode::ram, CacheMode::disk}) {
    const auto [kept, rest] = cached(dataset, transforms_, options(mode));
    EXPECT_THAT(rest, ElementsAre(transforms_[1], transforms_[2]));
    const int reads = dataset->reads;
    const Sample sample = kept->get(13);
    EXPECT_EQ(sample.image.pixels, resize(dataset->get(13).image, 6, 7).pixels);
    EXPECT_EQ(sample.target, 1);
    EXPECT_EQ(kept->source(13), dataset->source(13));
    EXPECT_EQ(dataset->reads, reads + 1);  // by this test alone
    EXPECT_EQ(kept->view(13).has_value(), mode == CacheMode::ram);
    EXPECT_THAT(
        [&] { kept->get(kPictures); },
        ThrowsMessage<std::invalid_argument>("cache: index 24 is out of range for 24 samples"));
  }
}

TEST_F(Cache, PicturesOfDifferentSizesAreKept) {
  write_png(directory_.path() / "data/a/03.png", test::numbered_picture(3, 2, 11));
  for (const CacheMode mode : {CacheMode::ram, CacheMode::disk}) {
    const auto kept = cached(open(), {}, options(mode)).dataset;
    EXPECT_EQ(kept->get(3).image.width, 11);
    EXPECT_EQ(kept->get(3).image.pixels, test::numbered_picture(3, 2, 11).pixels);
    EXPECT_EQ(kept->get(4).image.pixels, test::numbered_picture(4, 9, 8).pixels);
  }
}

TEST_F(Cache, AFileServesLaterRunsOfTheSameJob) {
  const Transforms resize = {std::make_shared<Resize>(Size2d{6, 7})};
  EXPECT_EQ(reads_of(resize), kPictures);
  EXPECT_EQ(reads_of(resize), 0);
  EXPECT_EQ(reads_of(transforms_), 0);  // what is random does not matter
  EXPECT_EQ(reads_of({std::make_shared<Resize>(Size2d{7, 6})}), kPictures);
  EXPECT_EQ(reads_of(resize, {.apply_exif_orientation = true}), kPictures);
  EXPECT_EQ(reads_of(resize, {.channels = 1}), kPictures);
  EXPECT_EQ(files().size(), 4);

  const fs::path picture = directory_.path() / "data/b/07.png";
  fs::last_write_time(picture, fs::last_write_time(picture) + std::chrono::seconds(1));
  EXPECT_EQ(reads_of(resize), kPictures);
  const auto changed = fs::last_write_time(picture);
  write_png(picture, test::numbered_picture(19, 2, 3));  // another size, of the same time
  fs::last_write_time(picture, changed);
  EXPECT_EQ(reads_of(resize), kPictures);
  fs::rename(picture, directory_.path() / "data/b/99.png");
  EXPECT_EQ(reads_of(resize), kPictures);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Cache, ADamagedFileIsWrittenAnew) {
  EXPECT_EQ(reads_of({}), kPictures);
  const fs::path path = files().at(0);
  const auto good = read_file(path, 1 << 20);
  const auto is_rebuilt_from = [&](std::vector<uint8_t> bytes) {
    write_file_atomically(path, bytes);
    EXPECT_EQ(reads_of({}), kPictures);
    EXPECT_EQ(read_file(path, 1 << 20), good);
  };
  for (const size_t size : {size_t{0}, size_t{50}, good.size() / 2, good.size() - 1}) {
    is_rebuilt_from({good.begin(), good.begin() + static_cast<ptrdiff_t>(size)});
  }
  for (const size_t position : {size_t{0}, good.size() / 2, good.size() - 100, good.size() - 1}) {
    auto bytes = good;
    bytes[position] ^= 1;
    is_rebuilt_from(bytes);
  }
  auto longer = good;
  longer.push_back(0);
  is_rebuilt_from(longer);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Cache, EntriesThatPointElsewhereAreRefused) {
  // Made with the right checksum, as only somebody who means harm would.
  const std::string key(64, 'k');
  const test::TemporaryDirectory directory;
  const auto entries_of = [&](const Image& image) {
    write_file_atomically(directory / "cache", [&](FileWriter& out) {
      write_cache(out, key, 1, [&](int64_t) { return image; });
    });
    return read_cache(read_file(directory / "cache", 4096), key, 1);
  };
  EXPECT_TRUE(entries_of(test::numbered_picture(0, 2, 2)));
  EXPECT_FALSE(entries_of({1 << 20, 1 << 20, 3, std::vector<uint8_t>(12)}));
  EXPECT_FALSE(entries_of({0xffffffff, 0xffffffff, 0xffffffff, std::vector<uint8_t>(12)}));
  EXPECT_FALSE(entries_of({1, 1, 3, std::vector<uint8_t>(12)}));
}

TEST_F(Cache, KeepsErrorsToo) {
  write_file_atomically(directory_.path() / "data/a/02.png", "no picture");
  std::string reason;
  try {
    open()->get(2);
  } catch (const std::runtime_error& error) {
    reason = error.what();
  }
  for (const CacheMode mode : {CacheMode::none, CacheMode::ram, CacheMode::disk}) {
    const auto [dataset, rest] = cached(open(), transforms_, options(mode));
    EXPECT_THAT([&] { dataset->get(2); }, ThrowsMessage<std::runtime_error>(reason));
    DataLoader loader(dataset, {.batch_size = 5, .transforms = rest});
    EXPECT_THAT([&] { loader.begin(); }, ThrowsMessage<std::runtime_error>(reason));
    const auto readable = readable_samples(dataset, CorruptPolicy::skip);
    EXPECT_EQ(readable.dataset->size(), kPictures - 1);
    EXPECT_EQ(readable.unreadable.at(0).reason, reason);
  }
}

TEST_F(Cache, GoesOnWithoutOneWhenItCannotBeWritten) {
  write_file_atomically(directory_.path() / "file", "not a directory");
  CacheOptions in_file = options(CacheMode::disk);
  in_file.directory = directory_.path() / "file";
  const auto dataset = open();
  const auto [same, all] = cached(dataset, transforms_, in_file);
  EXPECT_EQ(same, dataset);
  EXPECT_EQ(all, transforms_);
  EXPECT_THAT(warnings_, ElementsAre(StartsWith("cache: going on without one: ")));
}

TEST_F(Cache, GoesOnWithoutOneWhenTheDiskIsFull) {
  ::rlimit old;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const ::rlimit limit = {1000, old.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);  // writing then fails as on a full disk
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto dataset = open();
  const auto same = cached(dataset, {}, options(CacheMode::disk, 2)).dataset;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(same, dataset);
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(AllOf(StartsWith("cache: going on without one: "),
                                           HasSubstr("File too large"))));
}

TEST_F(Cache, GoesOnWithoutOneAboveTheLimit) {
  for (const CacheMode mode : {CacheMode::ram, CacheMode::disk}) {
    CacheOptions limited = options(mode, 2);
    limited.max_bytes = 1000;
    const auto dataset = open();
    EXPECT_EQ(cached(dataset, {}, limited).dataset, dataset);
    EXPECT_EQ(warnings_.back(),
              "cache: going on without one: the pictures take more than 1000 bytes");
  }
}

TEST(CacheOfArrays, KeepsWhatTransformsMakeOfThem) {
  const test::TemporaryDirectory directory;
  const auto dataset = std::make_shared<ArrayDataset>(
      NamedArray{"images", {DType::u8, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}}},
      NamedArray{"labels", {DType::u8, {2}, {0, 1}}});
  const CacheOptions options{.mode = CacheMode::disk, .directory = directory.path()};
  EXPECT_EQ(cached(dataset, {}, options).dataset, dataset);  // it lies in memory as it is
  const auto kept = cached(dataset, {std::make_shared<Grayscale>(3)}, options).dataset;
  EXPECT_THAT(kept->get(1).image.pixels, ElementsAre(5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8));
}

TEST(CacheOfArrays, LeavesValuesAlone) {
  const auto dataset = std::make_shared<ArrayDataset>(
      NamedArray{"images", {DType::f32, {1, 1, 1}, std::vector<uint8_t>(4)}},
      NamedArray{"labels", {DType::u8, {1}, {0}}});
  EXPECT_EQ(cached(dataset, {}, {.mode = CacheMode::ram}).dataset, dataset);
}

}  // namespace
}  // namespace smtrain::data
