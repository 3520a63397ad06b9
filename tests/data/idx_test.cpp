// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/idx.h"

#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace smtrain::data {
namespace {

using test::golden;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Bytes = std::vector<uint8_t>;

TEST(Idx, PlainAndGzipAreTheSame) {
  const Array plain = read_idx(golden("files/tiny-images-idx3-ubyte"));
  const Array packed = read_idx(golden("files/tiny-images-idx3-ubyte.gz"));
  EXPECT_EQ(plain.shape, (Shape{5, 28, 28}));
  EXPECT_EQ(plain.dtype, DType::u8);
  EXPECT_EQ(plain.bytes, packed.bytes);
}

TEST(Idx, ReadsAllElementTypes) {
  EXPECT_THAT(parse_idx(Bytes{0, 0, 8, 1, 0, 0, 0, 2, 7, 255}, "x").values<uint8_t>(),
              ElementsAre(7, 255));
  EXPECT_THAT(parse_idx(Bytes{0, 0, 9, 1, 0, 0, 0, 1, 255}, "x").values<int32_t>(),
              ElementsAre(-1));
  EXPECT_THAT(parse_idx(Bytes{0, 0, 11, 1, 0, 0, 0, 1, 1, 2}, "x").values<int32_t>(),
              ElementsAre(258));
  EXPECT_THAT(parse_idx(Bytes{0, 0, 12, 1, 0, 0, 0, 1, 0, 0, 1, 2}, "x").values<int32_t>(),
              ElementsAre(258));
  EXPECT_THAT(parse_idx(Bytes{0, 0, 13, 1, 0, 0, 0, 1, 0x40, 0x20, 0, 0}, "x").values<float>(),
              ElementsAre(2.5f));
  EXPECT_THAT(
      parse_idx(Bytes{0, 0, 14, 1, 0, 0, 0, 1, 0x40, 4, 0, 0, 0, 0, 0, 0}, "x").values<double>(),
      ElementsAre(2.5));
}

TEST(Idx, NamesWhatIsWrong) {
  const auto refuses = [](const Bytes& file, const std::string& message) {
    EXPECT_THAT([&] { parse_idx(file, "x"); }, ThrowsMessage<std::runtime_error>(message));
  };
  refuses({}, "x: truncated: 4 bytes of magic number expected, 0 are there");
  refuses({0x89, 'P', 'N', 'G'}, "x: not an IDX file: it begins with bytes 137 80, expected 0 0");
  refuses({0, 0, 10, 1},
          "x: not an IDX file: element type 10 is not known, expected 8, 9 or 11 to 14");
  refuses({0, 0, 8, 9}, "x: 9 dimensions, expected at most 8");
  refuses({0, 0, 8, 3, 0, 0}, "x: truncated: 12 bytes of dimensions expected, 2 are there");
  refuses({0, 0, 8, 1, 0, 0, 0, 3, 1, 2}, "x: truncated: 3 bytes of data expected, 2 are there");
  refuses({0, 0, 8, 1, 0, 0, 0, 1, 1, 2}, "x: more data than the 1 bytes of its shape [1]");
  refuses({0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255},
          "x: shape [4294967295, 4294967295] is too large for any memory");
  refuses(
      {0, 0, 8, 1, 255, 255, 255, 255, 1},
      "x: shape [4294967295] needs 4294967295 bytes of data, more than a file of 9 bytes can hold");
}

TEST(Idx, UnpacksNoMoreThanTheHeaderStates) {
  // A bomb: 100 MB of zeros behind a header that promises 4 bytes.
  Bytes bomb = {0, 0, 8, 1, 0, 0, 0, 4};
  bomb.resize(100'000'000);
  EXPECT_THAT(
      [&] { parse_idx(gzip(bomb, 1), "x.gz"); },
      ThrowsMessage<std::runtime_error>("x.gz: more data than the 4 bytes of its shape [4]"));
  // A header that promises more than its file could ever unpack to.
  EXPECT_THAT(
      [&] {
        parse_idx(gzip(Bytes{0, 0, 8, 1, 255, 255, 255, 255}), "x.gz");
      },
      ThrowsMessage<std::runtime_error>(HasSubstr(
          "x.gz: shape [4294967295] needs 4294967295 bytes of data, more than a gzip file of")));
}

TEST(Idx, RefusesADamagedOrTruncatedGzip) {
  Bytes packed = read_file(golden("files/tiny-images-idx3-ubyte.gz"), 10000);
  packed.push_back('x');
  EXPECT_THAT([&] { parse_idx(packed, "x.gz"); },
              ThrowsMessage<std::runtime_error>(
                  "x.gz: 1 bytes that are no compressed data follow its end at byte 3959"));
  packed.resize(2000);
  EXPECT_THAT(
      [&] { parse_idx(packed, "x.gz"); },
      ThrowsMessage<std::runtime_error>("x.gz: compressed data end early, after 2000 bytes"));
}

TEST(IdxDataset, GivesPicturesAndLabels) {
  const auto dataset = IdxDataset::open(golden("files/tiny-images-idx3-ubyte.gz"),
                                        golden("files/tiny-labels-idx1-ubyte.gz"));
  ASSERT_EQ(dataset->size(), 5);
  EXPECT_EQ(dataset->pixels().size(), 5 * 28 * 28u);
  const Array images = read_idx(golden("files/tiny-images-idx3-ubyte"));
  const Sample sample = dataset->get(4);
  EXPECT_EQ(sample.image.height, 28);
  EXPECT_EQ(sample.image.width, 28);
  EXPECT_EQ(sample.image.channels, 1);
  EXPECT_TRUE(std::equal(sample.image.pixels.begin(), sample.image.pixels.end(),
                         images.bytes.begin() + 4 * 784));
  const Array labels = read_idx(golden("files/tiny-labels-idx1-ubyte"));
  EXPECT_EQ(sample.target, labels.bytes[4]);
  EXPECT_EQ(dataset->source(4), golden("files/tiny-images-idx3-ubyte.gz").string() + "[4]");
  EXPECT_THROW(dataset->get(5), std::invalid_argument);
}

TEST(IdxDataset, NamesTheFileThatDoesNotFit) {
  const TemporaryDirectory directory;
  const auto images = golden("files/tiny-images-idx3-ubyte"),
             labels = golden("files/tiny-labels-idx1-ubyte");
  EXPECT_THAT([&] { IdxDataset::open(labels, images); },
              ThrowsMessage<std::runtime_error>(
                  labels.string() + ": expected IDX images (magic 2051), found magic 2049"));
  EXPECT_THAT([&] { IdxDataset::open(images, images); },
              ThrowsMessage<std::runtime_error>(
                  images.string() + ": expected IDX labels (magic 2049), found magic 2051"));
  write_file_atomically(directory / "four", Bytes{0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4});
  EXPECT_THAT([&] { IdxDataset::open(images, directory / "four"); },
              ThrowsMessage<std::runtime_error>(images.string() + ": 5 images, but 4 labels in " +
                                                (directory / "four")));
}

TEST(IdxDataset, ReadsTheRealTestSet) {
  const auto mnist = test::shared_data("mnist");
  if (!mnist) GTEST_SKIP() << "needs shared/data/mnist";
  const auto dataset =
      IdxDataset::open(*mnist / "t10k-images-idx3-ubyte.gz", *mnist / "t10k-labels-idx1-ubyte.gz");
  ASSERT_EQ(dataset->size(), 10000);
  EXPECT_EQ(dataset->classes().size(), 10u);
  std::vector<int64_t> histogram(10);
  for (const int64_t target : dataset->targets()) ++histogram[static_cast<size_t>(target)];
  EXPECT_THAT(histogram, ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  const auto pixels = dataset->pixels();
  EXPECT_EQ(std::accumulate(pixels.begin(), pixels.end(), int64_t{0}), 264923200);
}

}  // namespace
}  // namespace smtrain::data
