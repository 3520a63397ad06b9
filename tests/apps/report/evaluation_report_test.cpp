// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/report/evaluation_report.h"

#include "smtrain/data/decode.h"
#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace smtrain::app {
namespace {

/// Three grey pictures 2x2 of 0, 100 and 200, of classes 0, 1, 1.
data::Batch batch(DType dtype) {
  const Tensor images =
      empty({3, 1, 2, 2}, {.dtype = dtype, .format = MemoryFormat::channels_last});
  const float unit = dtype == DType::u8 ? 1 : 1 / 255.0f;
  std::vector<float> values(12);
  for (size_t i = 0; i < 12; ++i) values[i] = static_cast<float>(i / 4 * 100) * unit;
  copy_into(from_vector(values, {3, 1, 2, 2}), images);
  return {.images = images, .targets = from_vector<int64_t>({0, 1, 1}, {3}), .indices = {0, 1, 2}};
}

TEST(EvaluationReport, ShowsTheFirstPicturesAndCountsAll) {
  const Tensor output = from_vector<float>({2, 1, 0, 5, 3, 1}, {3, 2});  // classes 0, 1, 0
  for (const DType dtype : {DType::u8, DType::f32}) {
    const test::TemporaryDirectory directory;
    EvaluationReport report({"no", "yes"}, 4);
    report.add(batch(dtype), output);
    report.add(batch(dtype), output);
    EXPECT_EQ(report.confusion().counts, (std::vector<int64_t>{2, 0, 2, 2}));
    report.write(directory.path());
    EXPECT_TRUE(std::filesystem::exists(directory.path() / "confusion.png"));

    // Four pictures, each enlarged to 96x96 with two lines of text below.
    const data::Image grid = data::decode_file(directory.path() / "predictions.png");
    ASSERT_EQ(grid.width, 4 * 98 + 2);
    ASSERT_EQ(grid.height, 96 + 2 * 10 + 2 * 2);
    const auto red = [&](int64_t x, int64_t y) {
      return grid.pixels[static_cast<size_t>((y * grid.width + x) * 3)];
    };
    const int expected[] = {0, 100, 200, 0};
    for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(red(i * 98 + 50, 50), expected[i]);
    EXPECT_EQ(red(2 * 98, 50), 214);  // the third is wrong
    EXPECT_EQ(red(98, 50), 0);
  }
}

TEST(EvaluationReport, LargePicturesAreMadeSmaller) {
  const test::TemporaryDirectory directory;
  EvaluationReport report({"a", "b"});
  report.add({.images = zeros({1, 3, 100, 400}, {.dtype = DType::u8}),
              .targets = from_vector<int64_t>({1}, {1}),
              .indices = {0}},
             from_vector<float>({0, 1}, {1, 2}));
  report.write(directory.path());
  EXPECT_EQ(data::decode_file(directory.path() / "predictions.png").width, 192 + 2 * 2);
}

TEST(EvaluationReport, WritesNothingAboutNothing) {
  const test::TemporaryDirectory directory;
  EvaluationReport({"a", "b"}).write(directory.path());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace smtrain::app
