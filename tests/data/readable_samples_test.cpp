// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/readable_samples.h"

#include "smtrain/data/image_folder.h"
#include "smtrain/tests/data/picture_folder.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Classes a, b and c with four pictures each; a/01, a/03 and all of c but its last are damaged.
class DamagedFolder : public ::testing::TestWithParam<int> {
 protected:
  DamagedFolder() {
    test::write_picture_folder(directory_.path(), 3, 4);
    for (const char* name : {"a/01", "a/03", "c/00", "c/01", "c/02"}) {
      damage(std::string(name) + ".png");
    }
    folder_ = std::make_shared<ImageFolder>(directory_.path());
  }

  void damage(const std::string& name) { write_file_atomically(directory_ / name, "no picture"); }

  /// The sources of all samples, each of which can be read, without the directory.
  std::vector<std::string> sources(const Dataset& dataset) const {
    std::vector<std::string> names;
    for (int64_t i = 0; i < dataset.size(); ++i) {
      EXPECT_EQ(dataset.get(i).target, dataset.target(i));
      names.push_back(dataset.source(i).substr(directory_.path().string().size() + 1));
    }
    return names;
  }

  const test::TemporaryDirectory directory_;
  std::shared_ptr<const Dataset> folder_;
};

INSTANTIATE_TEST_SUITE_P(Threads, DamagedFolder, ::testing::Values(0, 1, 4));

TEST_P(DamagedFolder, SkipLeavesThemOutAndListsThem) {
  const auto [dataset, unreadable] = readable_samples(folder_, CorruptPolicy::skip, GetParam());
  EXPECT_THAT(sources(*dataset), ElementsAre("a/00.png", "a/02.png", "b/00.png", "b/01.png",
                                             "b/02.png", "b/03.png", "c/03.png"));
  EXPECT_EQ(dataset->classes(), folder_->classes());
  ASSERT_EQ(unreadable.size(), 5);
  EXPECT_EQ(unreadable[1].index, 3);
  EXPECT_EQ(unreadable[1].source, directory_ / "a/03.png");
  EXPECT_THAT(unreadable[1].reason, HasSubstr(directory_ / "a/03.png"));
  EXPECT_THAT([&] { dataset->get(7); },
              ThrowsMessage<std::invalid_argument>(
                  "selected samples: index 7 is out of range for 7 samples"));
}

TEST_P(DamagedFolder, ReplaceTakesTheNextOfTheClass) {
  const auto [dataset, unreadable] = readable_samples(folder_, CorruptPolicy::replace, GetParam());
  EXPECT_THAT(sources(*dataset),
              ElementsAre("a/00.png", "a/02.png", "a/02.png", "a/00.png",  // 3: round the end
                          "b/00.png", "b/01.png", "b/02.png", "b/03.png",  //
                          "c/03.png", "c/03.png", "c/03.png", "c/03.png"));
  EXPECT_EQ(unreadable.size(), 5);
}

TEST_P(DamagedFolder, FailLeavesTheErrorToWhoLoadsIt) {
  const auto [dataset, unreadable] = readable_samples(folder_, CorruptPolicy::fail, GetParam());
  EXPECT_EQ(dataset, folder_);
  EXPECT_TRUE(unreadable.empty());
}

TEST_P(DamagedFolder, RefusesAClassOfWhichNothingIsReadable) {
  damage("c/03.png");
  for (const auto policy : {CorruptPolicy::skip, CorruptPolicy::replace}) {
    EXPECT_THAT([&] { readable_samples(folder_, policy, GetParam()); },
                ThrowsMessage<std::runtime_error>(HasSubstr(
                    "readable_samples: no sample of class c can be read; the first: decode: " +
                    (directory_ / "c/00.png"))));
  }
}

TEST_P(DamagedFolder, RefusesWhenNothingIsReadable) {
  for (const char* name : {"a/00", "a/02", "b/00", "b/01", "b/02", "b/03", "c/03"}) {
    damage(std::string(name) + ".png");
  }
  EXPECT_THAT([&] { readable_samples(folder_, CorruptPolicy::skip, GetParam()); },
              ThrowsMessage<std::runtime_error>(HasSubstr(
                  "readable_samples: none of 12 samples can be read; the first: decode: " +
                  (directory_ / "a/00.png"))));
}

TEST(ReadableSamples, AnUndamagedDatasetStaysWhatItIs) {
  const test::TemporaryDirectory directory;
  test::write_picture_folder(directory.path(), 1, 3);
  const auto folder = std::make_shared<ImageFolder>(directory.path());
  for (const auto policy : {CorruptPolicy::skip, CorruptPolicy::replace}) {
    EXPECT_EQ(readable_samples(folder, policy, 2).dataset, folder);
  }
}

}  // namespace
}  // namespace smtrain::data
