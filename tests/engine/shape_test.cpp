// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/shape.h"

#include "smtrain/engine/error.h"
#include "smtrain/tests/engine/op_test.h"

#include <gtest/gtest.h>

namespace smtrain {
namespace {

constexpr int64_t kHuge = int64_t{1} << 32;

TEST(Shape, ChangesItsDimensions) {
  Shape shape = {2, 3};
  shape.push_back(5);
  shape.insert(0, 7);
  shape.insert(2, 1);
  EXPECT_EQ(shape, (Shape{7, 2, 1, 3, 5}));
  shape.erase(2);
  shape.erase(3);
  EXPECT_EQ(shape, (Shape{7, 2, 3}));
  EXPECT_EQ(shape.back(), 3);
  EXPECT_NE(shape, (Shape{7, 2}));
  EXPECT_EQ(concat_text(shape, " ", Shape()), "[7, 2, 3] []");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(Shape().numel(), 1);
  EXPECT_EQ((Shape{2, 3, 5}).numel(), 30);
  EXPECT_EQ((Shape{2, 0, 5}).numel(), 0);
  EXPECT_EQ((Shape{kHuge, kHuge / 4, 1}).numel(), int64_t{1} << 62);
}

TEST(Shape, HasDenseStridesInBothOrders) {
  EXPECT_EQ(dense_strides({2, 3, 4, 5}), (Shape{60, 20, 5, 1}));
  EXPECT_EQ(dense_strides({2, 3, 4, 5}, MemoryFormat::channels_last), (Shape{60, 1, 15, 3}));
  EXPECT_EQ(dense_strides({}), Shape());
}

TEST(Shape, CountsDimensionsFromTheEndToo) {
  EXPECT_EQ(normalize_dim("size", 0, {2, 3}), 0);
  EXPECT_EQ(normalize_dim("size", 1, {2, 3}), 1);
  EXPECT_EQ(normalize_dim("size", -1, {2, 3}), 1);
  EXPECT_EQ(normalize_dim("size", -2, {2, 3}), 0);
}

TEST(Shape, BroadcastsAsNumpyDoes) {
  EXPECT_EQ(broadcast_shapes("add", {2, 3}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes("add", {3}, {4, 2, 1}), (Shape{4, 2, 3}));
  EXPECT_EQ(broadcast_shapes("add", {5, 1, 3}, {7, 1}), (Shape{5, 7, 3}));
  EXPECT_EQ(broadcast_shapes("add", {}, {2}), Shape{2});
  EXPECT_EQ(broadcast_shapes("add", {}, {}), Shape());
  EXPECT_EQ(broadcast_shapes("add", {1, 3}, {0, 3}), (Shape{0, 3}));
}

TEST(ShapeErrors, NameWhatWasWrong) {
  const Shape full = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_THROW_WITH((Shape{1, 2, 3, 4, 5, 6, 7, 8, 9}), "shape: at most 8 dimensions, got 9");
  EXPECT_THROW_WITH(Shape(full).push_back(9), "shape: at most 8 dimensions");
  EXPECT_THROW_WITH((Shape{2, -1}).numel(), "shape: negative size in [2, -1]");
  EXPECT_THROW_WITH((Shape{kHuge, kHuge}).numel(),
                    "shape: too many elements in [4294967296, 4294967296]");
  EXPECT_THROW_WITH(dense_strides({0, kHuge, kHuge}),
                    "shape: too many elements in [0, 4294967296, 4294967296]");
  EXPECT_THROW_WITH(dense_strides({2, 3, 4}, MemoryFormat::channels_last),
                    "channels_last: expected 4 dimensions, got [2, 3, 4]");
  EXPECT_THROW_WITH(normalize_dim("softmax", 2, {2, 3}),
                    "softmax: dim 2 is out of range for shape [2, 3] (expected -2 to 1)");
  EXPECT_THROW_WITH(normalize_dim("softmax", -3, {2, 3}),
                    "softmax: dim -3 is out of range for shape [2, 3] (expected -2 to 1)");
  EXPECT_THROW_WITH(broadcast_shapes("add", {2, 3}, {2, 4}),
                    "add: shapes [2, 3] and [2, 4] do not broadcast");
  EXPECT_THROW_WITH(broadcast_shapes("add", {0}, {2}), "add: shapes [0] and [2] do not broadcast");
}

}  // namespace
}  // namespace smtrain
