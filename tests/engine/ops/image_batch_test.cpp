// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/image_batch.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"

namespace smtrain::test {
namespace {

class ImageBatch : public OpTest {};
SMTRAIN_OP_TEST(ImageBatch, {DType::u8, DType::f32});

const std::vector<double> kMean = {0.485, 0.456, 0.406};
const std::vector<double> kStd = {0.229, 0.224, 0.225};

TEST_P(ImageBatch, NormalizesEveryByteAsPyTorchDoes) {
  // Channel c of pixel i holds the byte i + c, so every channel sees all 256.
  std::vector<uint8_t> bytes;
  std::vector<float> expected;
  for (size_t i = 0; i < 256; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      bytes.push_back(static_cast<uint8_t>(i + c));
      const float v = static_cast<float>(bytes.back()) / 255.0f;
      expected.push_back((v - static_cast<float>(kMean[c])) / static_cast<float>(kStd[c]));
    }
  }
  Tensor images = permute(from_vector(bytes, {1, 16, 16, 3}), {0, 3, 1, 2});
  if (dtype() == DType::f32) {
    std::vector<float> values;
    for (const uint8_t byte : bytes) values.push_back(static_cast<float>(byte) / 255.0f);
    images = permute(from_vector(values, {1, 16, 16, 3}), {0, 3, 1, 2});
  }
  const Tensor y = normalize_images(images, kMean, kStd);
  EXPECT_EQ(y.shape(), (Shape{1, 3, 16, 16}));
  EXPECT_TRUE(y.is_contiguous(MemoryFormat::channels_last));
  EXPECT_EQ(permute(y, {0, 2, 3, 1}).to_vector<float>(), expected);
  EXPECT_EQ(normalize_images(contiguous(images), kMean, kStd).to_vector<float>(),
            y.to_vector<float>());
}

TEST_P(ImageBatch, TakesRowsInTheGivenOrder) {
  for (const Tensor& x : {to(randn({5, 3, 4, 2}, DType::f32, 1), dtype()),
                          to_channels_last(to(randn({5, 3, 4, 2}, DType::f32, 1), dtype()))}) {
    const Tensor y = take_rows(x, from_vector<int64_t>({4, 0, 4}, {3}));
    EXPECT_EQ(y.strides(), x.strides());
    EXPECT_EQ(select(y, 0, 0).to_vector<double>(), select(x, 0, 4).to_vector<double>());
    EXPECT_EQ(select(y, 0, 1).to_vector<double>(), select(x, 0, 0).to_vector<double>());
    EXPECT_EQ(select(y, 0, 2).to_vector<double>(), select(x, 0, 4).to_vector<double>());
  }
  EXPECT_EQ(take_rows(ones({3, 2}, {.dtype = dtype()}), empty({0}, {.dtype = DType::i64})).shape(),
            (Shape{0, 2}));
}

TEST_P(ImageBatch, OfNoChannelsAndRowsOfNothing) {
  const Tensor images = empty({2, 0, 3, 3}, {.dtype = dtype()});
  EXPECT_EQ(normalize_images(images, {}, {}).shape(), images.shape());
  EXPECT_EQ(take_rows(images, from_vector<int64_t>({1, 0, 1}, {3})).shape(), (Shape{3, 0, 3, 3}));
}

TEST(ImageBatchErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(
      normalize_images(ones({2, 3}), kMean, kStd),
      "normalize_images: expected shape [N, C, H, W] with up to 4 channels, got [2, 3]");
  EXPECT_THROW_WITH(normalize_images(ones({1, 3, 2, 2}, {.dtype = DType::i64}), kMean, kStd),
                    "normalize_images: expected u8 or f32 images, got i64");
  EXPECT_THROW_WITH(
      normalize_images(ones({1, 1, 2, 2}), kMean, kStd),
      "normalize_images: expected a mean and a std for each of 1 channels, got 3 and 3");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), from_vector<int64_t>({0, 3}, {2})),
                    "take_rows: index 3 at position 1 is out of range (expected 0 to 2)");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), ones({2})),
                    "take_rows: index expects i64 of one dimension, got f32 of shape [2]");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), full({2}, 0, {.dtype = DType::i64}, test_devices()[0])),
                    "take_rows: input is on cpu, index on " + test_devices()[0].name());
}

}  // namespace
}  // namespace smtrain::test
