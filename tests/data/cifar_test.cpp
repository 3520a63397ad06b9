// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/cifar.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace smtrain::data {
namespace {

using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

/// A record whose red, green and blue planes begin with these values.
std::string record(const std::string& labels, char red, char green, char blue) {
  std::string planes(3072, '\0');
  planes[0] = red;
  planes[1024] = green;
  planes[2048] = blue;
  return labels + planes;
}

TEST(Cifar10, ReadsTheFiveBatchesInOrder) {
  const TemporaryDirectory directory;
  for (char i = 1; i <= 5; ++i) {
    write_file_atomically(directory / ("data_batch_" + std::to_string(i) + ".bin"),
                          record({i}, i, 20, 30) + record("\x09", 40, 50, i));
  }
  write_file_atomically(directory / "test_batch.bin", record("\x03", 1, 2, 3));

  const auto train = CifarDataset::open(directory.path());
  EXPECT_THAT(train->targets(), ElementsAre(1, 9, 2, 9, 3, 9, 4, 9, 5, 9));
  const Sample last = train->get(9);
  EXPECT_EQ(last.image.height, 32);
  EXPECT_EQ(last.image.channels, 3);
  EXPECT_EQ(last.image.pixels[0], 40);  // red, green and blue of the first pixel
  EXPECT_EQ(last.image.pixels[1], 50);
  EXPECT_EQ(last.image.pixels[2], 5);
  EXPECT_EQ(train->classes().size(), 10u);

  write_file_atomically(directory / "batches.meta.txt",
                        "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const auto test = CifarDataset::open(directory.path(), {.train = false});
  EXPECT_THAT(test->targets(), ElementsAre(3));
  EXPECT_EQ(test->classes()[3], "cat");
}

TEST(Cifar100, ReadsFineAndCoarseLabels) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "train.bin", record("\x13\x63", 1, 2, 3));
  EXPECT_THAT(CifarDataset::open(directory.path())->targets(), ElementsAre(0x63));
  const auto coarse = CifarDataset::open(directory.path(), {.coarse = true});
  EXPECT_THAT(coarse->targets(), ElementsAre(0x13));
  EXPECT_EQ(coarse->classes().size(), 20u);
  EXPECT_EQ(coarse->get(0).image.pixels[2], 3);
}

TEST(Cifar, NamesTheFileThatIsWrong) {
  const TemporaryDirectory directory;
  const auto refuses = [&](const std::string& message, CifarOptions options = {}) {
    EXPECT_THAT([&] { CifarDataset::open(directory.path(), options); },
                ThrowsMessage<std::runtime_error>(message));
  };
  const std::string test_batch = directory / "test_batch.bin";
  refuses((directory / "data_batch_1.bin") + ": cannot open: No such file or directory");
  write_file_atomically(test_batch, record("\x03", 1, 2, 3) + "x");
  refuses(test_batch + ": 3074 bytes are not a whole number of records of 3073 bytes",
          {.train = false});
  write_file_atomically(test_batch, "");
  refuses(test_batch + ": 0 bytes are not a whole number of records of 3073 bytes",
          {.train = false});
  write_file_atomically(test_batch, record("\x01", 1, 2, 3) + record("\x0a", 1, 2, 3));
  refuses(test_batch + ": record 1 has label 10, expected 0 to 9", {.train = false});
  write_file_atomically(test_batch, record("\x01", 1, 2, 3));
  write_file_atomically(directory / "batches.meta.txt", "cat\ndog\n");
  refuses((directory / "batches.meta.txt") + ": expected 10 class names, found 2",
          {.train = false});
}

}  // namespace
}  // namespace smtrain::data
