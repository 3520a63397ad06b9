// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/tensor.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/context.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace smtrain {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;

// 0, 1, 2, ... in logical order, on the CPU.
Tensor counting(const Shape& shape, TensorOptions options = {.dtype = DType::f64}) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), 0.0);
  Tensor x = empty(shape, options);
  copy_into(from_vector(values, shape), x);
  return x;
}

TEST(Tensor, IsMadeWithShapeOrderAndType) {
  const Tensor x = empty({2, 3, 4, 5}, {DType::bf16, MemoryFormat::channels_last});
  EXPECT_EQ(x.shape(), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(x.strides(), (Shape{60, 1, 15, 3}));
  EXPECT_EQ(x.dtype(), DType::bf16);
  EXPECT_EQ(x.device(), Device::cpu());
  EXPECT_EQ(x.numel(), 120);
  EXPECT_EQ(x.size(-1), 5);
  EXPECT_GE(x.storage()->size_bytes(), 240u);
  EXPECT_FALSE(x.requires_grad());
  EXPECT_EQ(zeros({0, 3}).to_vector<float>().size(), 0u);
}

TEST(Tensor, IsMadeOnTheDeviceOfTheContext) {
  const Device device = test::test_devices()[0];
  Context context({.device = device});
  const ContextGuard guard(context);
  EXPECT_EQ(ones({2}).device(), device);
  EXPECT_EQ(empty({2}, {}, Device::cpu()).device(), Device::cpu());
  EXPECT_THAT(full({3}, 1.5).to_vector<double>(), ElementsAre(1.5, 1.5, 1.5));
}

TEST(Tensor, FillsInEveryType) {
  const auto filled = [](double value, DType dtype) {
    return full({5}, value, {.dtype = dtype}).to_vector<double>();
  };
  EXPECT_THAT(filled(1.0 / 3, DType::f64), Each(1.0 / 3));
  EXPECT_THAT(filled(1.0 / 3, DType::f32), Each(double(1.0f / 3)));
  EXPECT_THAT(filled(1.0 / 3, DType::bf16), Each(0.333984375));
  EXPECT_THAT(filled(1.0 / 3, DType::f16), Each(0.333251953125));
  for (const DType dtype : {DType::i64, DType::i32, DType::u8}) {
    EXPECT_THAT(filled(200, dtype), Each(200)) << dtype;
  }
  EXPECT_THAT(filled(1, DType::boolean), Each(1));
}

TEST(Tensor, TakesAndGivesHostValuesOfEveryType) {
  const std::vector<int64_t> large = {(int64_t{1} << 53) + 1, -5};
  EXPECT_EQ(from_vector(large, {2}).to_vector<int64_t>(), large);
  const std::vector<bool> flags = {true, false, true};
  EXPECT_EQ(from_vector(flags, {3}).to_vector<bool>(), flags);
  EXPECT_EQ(from_vector(flags, {3}).dtype(), DType::boolean);
  const Tensor x = from_vector(std::vector<double>{-1.75, 2.75}, {2});
  EXPECT_THAT(x.to_vector<int32_t>(), ElementsAre(-1, 2));
  EXPECT_THAT(x.to_vector<float>(), ElementsAre(-1.75f, 2.75f));
  EXPECT_THAT(from_vector(std::vector<uint8_t>{0, 255}, {2}).to_vector<double>(),
              ElementsAre(0, 255));
}

TEST(Tensor, ReadsItsElementsInLogicalOrder) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(x.view_of_storage({3, 2}, {1, 3}, 0).to_vector<double>(),
              ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(x.view_of_storage({2}, {3}, 2).to_vector<double>(), ElementsAre(2, 5));
  EXPECT_THAT(x.view_of_storage({2, 2}, {0, 1}, 1).to_vector<double>(), ElementsAre(1, 2, 1, 2));
  const Tensor image = counting({1, 2, 2, 2}, {DType::f32, MemoryFormat::channels_last});
  EXPECT_THAT(image.to_vector<float>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(std::vector<float>(image.data<float>(), image.data<float>() + 8),
              ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}

TEST(Tensor, AnElementIsANumber) {
  EXPECT_EQ(from_vector(std::vector<int64_t>{-7}, {1, 1}).item(), -7);
  EXPECT_EQ(full({}, 2.5).item(), 2.5);
}

TEST(Tensor, StridesOfSizeOneDoNotCount) {
  const Tensor x = zeros({64});
  const auto view = [&x](const Shape& shape, const Shape& strides) {
    return x.view_of_storage(shape, strides, 0);
  };
  const MemoryFormat last = MemoryFormat::channels_last;
  EXPECT_TRUE(view({1, 3, 1, 4}, {7, 4, 9, 1}).is_contiguous());
  EXPECT_TRUE(view({2, 3, 1, 1}, {3, 1, 99, 99}).is_contiguous());
  EXPECT_TRUE(view({2, 3, 1, 1}, {3, 1, 99, 99}).is_contiguous(last));
  EXPECT_TRUE(view({2, 1, 3, 4}, {12, 5, 4, 1}).is_contiguous(last));
  EXPECT_TRUE(view({2, 3, 2, 2}, {12, 1, 6, 3}).is_contiguous(last));
  EXPECT_FALSE(view({2, 3, 2, 2}, {12, 1, 6, 3}).is_contiguous());
  EXPECT_FALSE(view({2, 3, 2, 2}, {12, 4, 2, 1}).is_contiguous(last));
  EXPECT_FALSE(view({3, 2, 2}, {4, 2, 1}).is_contiguous(last));
  EXPECT_FALSE(view({2, 4}, {5, 1}).is_contiguous());
  EXPECT_TRUE(view({2, 0}, {1, 2}).is_contiguous());
  EXPECT_TRUE(view({}, {}).is_contiguous());
}

TEST(Tensor, IsDenseInAnyOrderOfItsDimensions) {
  const Tensor x = zeros({64});
  const auto dense = [&x](const Shape& shape, const Shape& strides) {
    return x.view_of_storage(shape, strides, 0).is_dense();
  };
  EXPECT_TRUE(dense({2, 3, 4}, {12, 4, 1}));
  EXPECT_TRUE(dense({2, 3, 4}, {1, 2, 6}));
  EXPECT_TRUE(dense({2, 3, 4}, {4, 8, 1}));
  EXPECT_TRUE(dense({2, 1, 4}, {1, 33, 2}));
  EXPECT_TRUE(dense({1, 1}, {5, 7}));
  EXPECT_TRUE(dense({0, 3}, {50, 50}));
  EXPECT_FALSE(dense({2, 3}, {4, 1}));        // a gap after each row
  EXPECT_FALSE(dense({2, 3}, {6, 2}));        // every other element
  EXPECT_FALSE(dense({2, 3}, {0, 1}));        // expanded
  EXPECT_FALSE(dense({2, 2, 2}, {2, 1, 1}));  // overlapping
}

TEST(Tensor, LikeAnotherHasItsOrder) {
  const Tensor image = empty({2, 3, 4, 5}, {DType::f16, MemoryFormat::channels_last});
  EXPECT_EQ(empty_like(image).strides(), image.strides());
  EXPECT_EQ(empty_like(image).dtype(), DType::f16);
  EXPECT_NE(empty_like(image).data(), image.data());
  const Tensor x = zeros({24});
  EXPECT_EQ(empty_like(x.view_of_storage({4, 3, 2}, {1, 8, 4}, 0)).strides(), (Shape{1, 8, 4}));
  EXPECT_EQ(empty_like(x.view_of_storage({4, 3}, {0, 1}, 0)).strides(), (Shape{3, 1}));
}

TEST(Tensor, CrossesDevicesInAnyOrderAndType) {
  const Device other = test::test_devices()[0];
  const Shape shape = {2, 3, 2, 2};
  const Tensor x = counting(shape);
  const auto expected = ElementsAreArray(x.to_vector<double>());
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    for (const DType dtype : {DType::f64, DType::f16, DType::i32}) {
      const Tensor there = empty(shape, {dtype, format}, other);
      copy_into(x, there);
      EXPECT_THAT(there.to_vector<double>(), expected) << dtype;
      const Tensor back = zeros({48});
      const Tensor scattered = back.view_of_storage(shape, {24, 8, 4, 2}, 1);
      copy_into(there, scattered);
      EXPECT_THAT(scattered.to_vector<double>(), expected) << dtype;
      EXPECT_EQ(back.view_of_storage({24}, {2}, 0).to_vector<float>(), std::vector<float>(24));
    }
  }
}

TEST(Tensor, CopiesAddOnRequest) {
  const Tensor y = counting({3});
  copy_into(from_vector(std::vector<float>{10, 20, 30}, {3}), y, /*accumulate=*/true);
  EXPECT_THAT(y.to_vector<double>(), ElementsAre(10, 21, 32));
}

TEST(Tensor, EveryHandleFollowsWhenReseated) {
  Tensor x = counting({2, 2});
  x.set_requires_grad(true);
  const Tensor handle = x;
  const Tensor detached = x.detach();
  backward(record("given", x.detach(), {x},
                  [](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); }),
           ones({2, 2}, {.dtype = DType::f64}));
  ASSERT_TRUE(x.grad().defined());

  const Tensor place = empty_strided({2, 2}, {1, 2}, DType::f32, test::test_devices()[0]);
  copy_into(full({2, 2}, 7), place);
  x.reseat(place);
  EXPECT_EQ(handle.data(), place.data());
  EXPECT_EQ(handle.dtype(), DType::f32);
  EXPECT_EQ(handle.device(), place.device());
  EXPECT_EQ(handle.strides(), (Shape{1, 2}));
  EXPECT_TRUE(handle.requires_grad());
  EXPECT_FALSE(place.requires_grad());
  EXPECT_FALSE(handle.grad().defined());
  EXPECT_EQ(handle.graph_node()->spec.dtype, DType::f32);
  EXPECT_THAT(detached.to_vector<double>(), ElementsAre(0, 1, 2, 3));
}

TEST(Tensor, PrintsItsFirstValues) {
  EXPECT_EQ(concat_text(counting({2, 2}, {.dtype = DType::i32})),
            "tensor([2, 2], i32, {0, 1, 2, 3})");
  EXPECT_EQ(concat_text(counting({9})), "tensor([9], f64, {0, 1, 2, 3, 4, 5, 6, 7, ...})");
  EXPECT_EQ(concat_text(Tensor()), "tensor(undefined)");
}

TEST(TensorErrors, NameWhatWasWrong) {
  const Tensor x = zeros({2, 3});
  EXPECT_THROW_WITH(Tensor().shape(), "tensor: undefined");
  EXPECT_THROW_WITH(x.size(2), "size: dim 2 is out of range for shape [2, 3] (expected -2 to 1)");
  EXPECT_THROW_WITH(x.item(), "item: expected one element, got shape [2, 3]");
  EXPECT_THROW_WITH(x.data<double>(), "data: tensor holds f32, asked for f64");
  EXPECT_THROW_WITH(from_vector(std::vector<float>(5), {2, 3}),
                    "from_vector: expected 6 values for shape [2, 3], got 5");
  EXPECT_THROW_WITH(empty({2, -3}), "shape: negative size in [2, -3]");
  EXPECT_THROW_WITH(empty({int64_t{1} << 62, 4}),
                    "shape: too many elements in [4611686018427387904, 4]");
  EXPECT_THROW_WITH(empty({int64_t{1} << 61}, {.dtype = DType::f64}),
                    "shape: too many elements of f64 in [2305843009213693952]");
  EXPECT_THROW_WITH(copy_into(x, zeros({3, 2})), "copy_into: shapes differ ([2, 3] into [3, 2])");
  EXPECT_THROW_WITH(copy_into(x, empty({2, 3}, {}, test::test_devices()[0]), /*accumulate=*/true),
                    "copy_into: can't add from cpu to guarded_cpu");
  EXPECT_THROW_WITH(x.reseat(zeros({6})), "reseat: expected shape [2, 3], got [6]");
  EXPECT_THROW_WITH(x.reseat(zeros({6}).view_of_storage({2, 3}, {0, 1}, 0)),
                    "reseat: expected a dense leaf");
}

}  // namespace
}  // namespace smtrain
