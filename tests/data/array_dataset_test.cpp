// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/array_dataset.h"

#include "smtrain/engine/io/npy.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace smtrain::data {
namespace {

using test::golden;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

template <typename T>
Array array_from(const Shape& shape, const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
  return {dtype_of<T>, shape, {begin, begin + values.size() * sizeof(T)}};
}

std::vector<int64_t> targets_of(const Array& labels) {
  const auto images =
      array_from<uint8_t>({labels.shape[0], 1}, std::vector<uint8_t>(labels.shape[0]));
  const ArrayDataset dataset({"images", images}, {"labels", labels});
  return {dataset.targets().begin(), dataset.targets().end()};
}

TEST(ArrayDataset, KeepsBytesAsPixelsInChannelsLast) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const NamedArray labels{"labels", array_from<int64_t>({1}, {0})};
  const ArrayDataset last({"images", array_from(Shape{1, 2, 2, 3}, bytes)}, labels);
  EXPECT_EQ(last.get(0).image.pixels, bytes);
  EXPECT_EQ(last.channels(), 3);
  const ArrayDataset first({"images", array_from(Shape{1, 3, 2, 2}, bytes)}, labels,
                           {.channels_first = true});
  EXPECT_THAT(first.get(0).image.pixels, ElementsAre(1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12));
  EXPECT_EQ(first.channels(), 3);
  EXPECT_TRUE(first.values().empty());
}

TEST(ArrayDataset, KeepsNumbersAsValuesInChannelsFirst) {
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5};
  const NamedArray labels{"labels", array_from<int32_t>({2}, {1, 0})};
  const ArrayDataset last({"images", array_from(Shape{2, 1, 2, 3}, numbers)}, labels);
  EXPECT_THAT(last.get(1).values, ElementsAre(7, 10, 8, 11, 9, 12.5f));
  EXPECT_EQ(last.get(1).image.height, 1);
  EXPECT_EQ(last.get(1).image.width, 2);
  EXPECT_EQ(last.get(1).image.channels, 3);
  EXPECT_TRUE(last.get(1).image.pixels.empty());
  EXPECT_TRUE(last.pixels().empty());
  const ArrayDataset first({"images", array_from(Shape{2, 3, 1, 2}, numbers)}, labels,
                           {.channels_first = true});
  EXPECT_THAT(first.get(1).values, ElementsAre(7, 8, 9, 10, 11, 12.5f));
  EXPECT_EQ(first.target(0), 1);
}

TEST(ArrayDataset, ReadsLabelsInAllTheirForms) {
  EXPECT_THAT(targets_of(array_from<uint8_t>({3}, {2, 0, 1})), ElementsAre(2, 0, 1));
  EXPECT_THAT(targets_of(array_from<int64_t>({3, 1}, {2, 0, 1})), ElementsAre(2, 0, 1));
  EXPECT_THAT(targets_of(array_from<float>({2}, {3.0f, 0.0f})), ElementsAre(3, 0));
  EXPECT_THAT(targets_of(array_from<float>({2, 3}, {0, 0, 1, 1, 0, 0})), ElementsAre(2, 0));
}

TEST(ArrayDataset, NamesWhatDoesNotFit) {
  const auto refuses = [](const Array& images, const Array& labels, const std::string& message,
                          ArrayDatasetOptions options = {}) {
    EXPECT_THAT(
        [&] {
          ArrayDataset({"images", images}, {"labels", labels}, options);
        },
        ThrowsMessage<std::runtime_error>(message));
  };
  const Array image = array_from<uint8_t>({1, 4}, {1, 2, 3, 4});
  refuses(image, array_from<int64_t>({1}, {-1}),
          "labels: label 0 is -1, expected a whole number from 0 to 1048575");
  refuses(image, array_from<float>({1}, {0.5f}),
          "labels: label 0 is 0.5, expected a whole number from 0 to 1048575");
  refuses(image, array_from<float>({1, 2}, {1, 1}),
          "labels: row 0 is not one-hot: expected a single 1 among zeros");
  refuses(image, array_from<float>({1, 1, 1}, {1}),
          "labels: expected labels [N] or one-hot [N, classes], found shape [1, 1, 1]");
  refuses(image, array_from<int64_t>({2}, {0, 1}), "images: 1 images, but 2 labels in labels");
  refuses(image, array_from<int64_t>({1}, {2}), "labels: label 2 among 2 classes",
          {.classes = {"a", "b"}});
  const Array label = array_from<int64_t>({1}, {0});
  refuses(array_from<uint8_t>({1, 3}, {1, 2, 3}), label,
          "images: pictures of 3 pixels are not square, store them as [N, height, width]");
  refuses(array_from<uint8_t>({1}, {1}), label,
          "images: expected images [N, pixels], [N, H, W] or [N, H, W, C], found shape [1]");
  refuses(array_from<uint8_t>({0, 28, 28}, {}), label,
          "images: no images in it, shape [0, 28, 28]");
  refuses(array_from<uint8_t>({1, 0, 28}, {}), label,
          "images: images without pixels, shape [1, 0, 28]");
}

TEST(ArrayDataset, OpensPairsOfNpyFiles) {
  const TemporaryDirectory directory;
  std::vector<float> values(2 * 784);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 1000;
  write_npy(directory / "train_data.npy", array_from(Shape{2, 784}, values));
  write_npy(directory / "train_labels.npy", array_from<int32_t>({2}, {7, 3}));
  const auto dataset = open_npy(directory / "train_data.npy", directory / "train_labels.npy");
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->height(), 28);
  EXPECT_EQ(dataset->get(1).values.front(), 0.784f);
  EXPECT_EQ(dataset->get(1).target, 3);
  EXPECT_EQ(dataset->classes().size(), 8u);
  EXPECT_EQ(dataset->source(1), (directory / "train_data.npy") + "[1]");
}

TEST(ArrayDataset, OpensArchivesByName) {
  const auto path = golden("files/deflated.npz");  // a: 0 .. 99, b: zeros [3, 4], c, d
  EXPECT_THAT([&] { open_npz(path); },
              ThrowsMessage<std::runtime_error>(
                  path.string() + ": no array 'x_train' in it, there are: a, b, c, d"));
  EXPECT_THAT([&] { open_npz(path, {.images = "b", .labels = "d"}); },
              ThrowsMessage<std::runtime_error>(path.string() + ": b: 3 images, but 2 labels in " +
                                                path.string() + ": d"));
}

TEST(ArrayDataset, ReadsRealOneHotLabels) {
  const auto bengali = test::shared_data("bengali");
  if (!bengali) GTEST_SKIP() << "needs shared/data/bengali";
  const auto array = [&](const std::string& name) {
    return NamedArray{name, read_npz_array(*bengali / (name + ".zip"), name)};
  };
  const ArrayDataset dataset(array("numtaX_train"), array("numtaY_train"));
  ASSERT_EQ(dataset.size(), 55267);
  EXPECT_EQ(dataset.height(), 28);
  std::vector<int64_t> histogram(10);
  for (const int64_t target : dataset.targets()) ++histogram.at(static_cast<size_t>(target));
  EXPECT_THAT(histogram, ElementsAre(5557, 5510, 5565, 5556, 5570, 5552, 5528, 5516, 5472, 5441));
}

}  // namespace
}  // namespace smtrain::data
