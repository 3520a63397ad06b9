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
  const Tensor short_y = normalize_images(images, kMean, kStd, DType::bf16);
  EXPECT_EQ(short_y.dtype(), DType::bf16);
  EXPECT_EQ(short_y.to_vector<float>(), to(y, DType::bf16).to_vector<float>());
}

// [N, C, H, W] of all sorts of bytes.
Tensor various_bytes(const Shape& shape) {
  std::vector<uint8_t> bytes(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 + i / 7);
  return from_vector(bytes, shape);
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

// Picture by picture, pixel by pixel.
std::vector<float> gathered(const Tensor& x, const std::vector<int64_t>& index,
                            const std::vector<int32_t>& crops, Size2d size) {
  const std::vector<float> values =
      normalize_images(x, kMean, kStd).to_vector<float>();  // [M, C, H, W]
  const int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  std::vector<float> result;
  for (size_t i = 0; i < index.size(); ++i) {
    const int32_t* crop = crops.data() + 4 * i;
    for (int64_t c = 0; c < channels; ++c) {
      const auto mean = static_cast<float>(kMean[c]), std = static_cast<float>(kStd[c]);
      for (int64_t row = 0; row < size.height; ++row) {
        const int64_t from_row = crop[0] + (crop[2] != 0 ? size.height - 1 - row : row);
        for (int64_t column = 0; column < size.width; ++column) {
          const int64_t from = crop[1] + (crop[3] != 0 ? size.width - 1 - column : column);
          const bool inside = from_row >= 0 && from_row < height && from >= 0 && from < width;
          result.push_back(
              inside ? values[((index[i] * channels + c) * height + from_row) * width + from]
                     : (0.0f - mean) / std);
        }
      }
    }
  }
  return result;
}

TEST_P(ImageBatch, GathersPicturesAndTheirParts) {
  // Whole batches of lanes and not, parts inside, across each edge and outside, turned every way.
  for (const Shape& shape : {Shape{3, 3, 4, 5}, Shape{4, 3, 8, 4}, Shape{3, 3, 3, 5}}) {
    SCOPED_TRACE(testing::PrintToString(shape));
    const Tensor bytes = various_bytes(shape);
    const Tensor x = to_channels_last(to(bytes, dtype()));
    const std::vector<int64_t> index = {2, 0, 2, 1, 0, 1};
    const Tensor indices = from_vector(index, {6});
    const Size2d whole(shape[2], shape[3]);
    EXPECT_EQ(gather_images(x, indices, {}, whole, kMean, kStd).to_vector<float>(),
              gathered(x, index, std::vector<int32_t>(24), whole));
    EXPECT_EQ(
        gather_images(x, indices, {}, whole, kMean, kStd, DType::bf16).to_vector<float>(),
        to(gather_images(x, indices, {}, whole, kMean, kStd), DType::bf16).to_vector<float>());
    const std::vector<int32_t> crops = {0,  0, 0, 0, 1,  -2, 0, 1, -1, 1, 1, 0,
                                        -1, 3, 1, 1, 99, 0,  0, 0, 2,  2, 1, 1};
    for (const Size2d size : {Size2d(3, 3), Size2d(4, 4), Size2d(1, 7), Size2d(0, 2)}) {
      const Tensor y = gather_images(x, indices, from_vector(crops, {6, 4}), size, kMean, kStd);
      EXPECT_EQ(y.shape(), (Shape{6, 3, size.height, size.width}));
      EXPECT_EQ(y.to_vector<float>(), gathered(x, index, crops, size)) << size;
      EXPECT_EQ(
          gather_images(x, indices, from_vector(crops, {6, 4}), size, kMean, kStd, DType::bf16)
              .to_vector<float>(),
          to(y, DType::bf16).to_vector<float>());
    }
  }
  EXPECT_EQ(gather_images(to_channels_last(zeros({3, 3, 2, 2}, {.dtype = dtype()})),
                          empty({0}, {.dtype = DType::i64}), {}, 2, kMean, kStd)
                .shape(),
            (Shape{0, 3, 2, 2}));
}

// More than there are blocks for, and more values each than a block takes at a time.
TEST_P(ImageBatch, NormalizesManyPictures) {
  const Tensor bytes = various_bytes({1025, 3, 9, 7});
  const std::vector<float> y =
      normalize_images(to_channels_last(to(bytes, dtype())), kMean, kStd).to_vector<float>();
  const std::vector<float> x = bytes.to_vector<float>();
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t c = i / (9 * 7) % 3;
    const float v = dtype() == DType::u8 ? x[i] / 255.0f : x[i];
    ASSERT_EQ(y[i], (v - static_cast<float>(kMean[c])) / static_cast<float>(kStd[c])) << i;
  }
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
  EXPECT_THROW_WITH(normalize_images(ones({1, 3, 2, 2}), kMean, kStd, DType::f16),
                    "normalize_images: makes f32 or bf16, asked for f16");
  const Tensor pictures = to_channels_last(ones({2, 1, 3, 3}));
  const Tensor first = from_vector<int64_t>({0}, {1});
  EXPECT_THROW_WITH(gather_images(pictures, first, {}, 2, {0}, {1}),
                    "gather_images: without crops expected size 3x3, got 2x2");
  EXPECT_THROW_WITH(gather_images(pictures, first, zeros({1, 4}), 2, {0}, {1}),
                    "gather_images: crops expects i32 of shape [1, 4], got f32 of shape [1, 4]");
  EXPECT_THROW_WITH(gather_images(pictures, from_vector<int64_t>({2}, {1}), {}, 3, {0}, {1}),
                    "gather_images: index 2 at position 0 is out of range (expected 0 to 1)");
  EXPECT_THROW_WITH(
      gather_images(pictures, first, zeros({1, 4}, {.dtype = DType::i32}), Size2d(1 << 16), {0},
                    {1}),
      "gather_images: expected parts of less than 2^31 values, got 65536x65536 of 1 channels");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), from_vector<int64_t>({0, 3}, {2})),
                    "take_rows: index 3 at position 1 is out of range (expected 0 to 2)");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), ones({2})),
                    "take_rows: index expects i64 of one dimension, got f32 of shape [2]");
  EXPECT_THROW_WITH(take_rows(ones({3, 2}), full({2}, 0, {.dtype = DType::i64}, test_devices()[0])),
                    "take_rows: input is on cpu, index on " + test_devices()[0].name());
}

}  // namespace
}  // namespace smtrain::test
