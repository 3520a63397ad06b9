// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/selected_samples.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/engine/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace smtrain::data {
namespace {

using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

/// A sample for each class number given; its only pixel is its position.
std::shared_ptr<const Dataset> numbered(const std::vector<uint8_t>& targets, size_t classes) {
  const auto size = static_cast<int64_t>(targets.size());
  Array images{.dtype = DType::u8, .shape = {size, 1, 1}, .bytes = {}};
  for (int64_t i = 0; i < size; ++i) images.bytes.push_back(static_cast<uint8_t>(i));
  std::vector<std::string> names;
  for (size_t c = 0; c < classes; ++c) names.push_back(std::string(1, static_cast<char>('a' + c)));
  return std::make_shared<ArrayDataset>(
      NamedArray{"images", images},
      NamedArray{"labels", {.dtype = DType::u8, .shape = {size}, .bytes = targets}},
      ArrayDatasetOptions{.classes = names});
}

/// Which samples are left.
std::vector<int> positions(const Dataset& dataset) {
  std::vector<int> positions;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    positions.push_back(dataset.get(i).image.pixels[0]);
    EXPECT_EQ(dataset.view(i)->pixels[0], positions.back());
    EXPECT_EQ(dataset.get(i).target, dataset.target(i));
    EXPECT_EQ(dataset.source(i), concat_text("images[", positions.back(), "]"));
  }
  return positions;
}

TEST(AtMost, IsEvenlySpaced) {
  const auto ten = numbered({0, 0, 0, 0, 1, 1, 1, 2, 2, 2}, 3);
  EXPECT_THAT(positions(*at_most(ten, 5)), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(positions(*at_most(ten, 3)), ElementsAre(0, 3, 6));
  EXPECT_THAT(positions(*at_most(ten, 7)), ElementsAre(0, 1, 2, 4, 5, 7, 8));
  EXPECT_THAT(positions(*at_most(ten, 1)), ElementsAre(0));
  EXPECT_EQ(at_most(ten, 1)->classes(), ten->classes());
}

TEST(AtMost, OfFewerIsAllOfThem) {
  const auto ten = numbered({0, 0, 0, 0, 1, 1, 1, 2, 2, 2}, 3);
  EXPECT_EQ(at_most(ten, 10), ten);
  EXPECT_EQ(at_most(ten, int64_t{1} << 40), ten);
}

TEST(FirstOfEachClass, KeepsTheBalanceAndTheOrder) {
  const auto mixed = numbered({1, 0, 1, 1, 2, 1, 0, 0, 1}, 4);  // 3, 5, 1 and 0 of a, b, c and d
  EXPECT_THAT(positions(*first_of_each_class(mixed, 0.5)), ElementsAre(0, 1, 2, 3, 4, 6));
  EXPECT_THAT(positions(*first_of_each_class(mixed, 0.2)), ElementsAre(0, 1, 4));
  EXPECT_THAT(positions(*first_of_each_class(mixed, 1e-6)), ElementsAre(0, 1, 4));
  EXPECT_THAT(positions(*first_of_each_class(mixed, 1e-300)), ElementsAre(0, 1, 4));
  EXPECT_EQ(first_of_each_class(mixed, 0.2)->classes(), mixed->classes());
  EXPECT_EQ(first_of_each_class(mixed, 1), mixed);
}

TEST(FirstOfEachClass, RoundsUpWhatIsNotWholeAlone) {
  const auto hundred = numbered(std::vector<uint8_t>(100), 1);
  EXPECT_EQ(first_of_each_class(hundred, 0.55)->size(), 55);  // 0.55 * 100 > 55
  EXPECT_EQ(first_of_each_class(hundred, 0.07)->size(), 7);
  EXPECT_EQ(first_of_each_class(hundred, 0.071)->size(), 8);
  EXPECT_EQ(first_of_each_class(hundred, 0.999)->size(), 100);
}

TEST(SelectedSamples, RefuseWhatTheyCannotBe) {
  const auto three = numbered({0, 0, 0}, 1);
  EXPECT_THAT([&] { at_most(three, 0); }, ThrowsMessage<std::invalid_argument>(
                                              "at_most: expected a limit of at least 1, got 0"));
  for (const double fraction : {0.0, -0.5, 1.5, double{NAN}}) {
    EXPECT_THAT([&] { first_of_each_class(three, fraction); },
                ThrowsMessage<std::invalid_argument>(
                    concat_text("first_of_each_class: expected a fraction above 0 and at most 1, "
                                "got ",
                                fraction)));
  }
  const auto two = at_most(three, 2);
  EXPECT_THAT([&] { two->get(2); }, ThrowsMessage<std::invalid_argument>(
                                        "selected samples: index 2 is out of range for 2 samples"));
}

}  // namespace
}  // namespace smtrain::data
