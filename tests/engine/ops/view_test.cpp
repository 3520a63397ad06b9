// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/view.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/tests/engine/op_test.h"

#include <cmath>
#include <cstdint>

namespace smtrain::test {
namespace {

using Values = std::vector<double>;

// 0, 1, 2, ... in logical order.
Tensor counting(const Shape& shape, DType dtype = DType::f32) {
  Values values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return to(from_vector(values, shape), dtype);
}

const std::vector<DType> kAllDTypes = {DType::f32, DType::f64, DType::bf16, DType::f16,
                                       DType::u8,  DType::i32, DType::i64};

class View : public OpTest {};
SMTRAIN_OP_TEST(View, kAllDTypes);

TEST_P(View, SeesTheSameMemory) {
  const Tensor x = counting({2, 3, 4}, dtype());
  for (const Tensor& y :
       {reshape(x, {4, -1}), flatten(x, 1), permute(x, {2, 0, 1}), transpose(x, 0, -1),
        movedim(x, 0, 2), select(x, 0, 0), expand(x, {5, 2, 3, 4}), unsqueeze(x, 1)}) {
    EXPECT_EQ(y.data(), x.data());
  }
}

TEST_P(View, ShapesAndValues) {
  const Tensor x = counting({2, 3}, dtype());
  EXPECT_EQ(transpose(x, 0, 1).to_vector<double>(), (Values{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(narrow(x, 1, 1, 2).to_vector<double>(), (Values{1, 2, 4, 5}));
  EXPECT_EQ(select(x, 1, 2).to_vector<double>(), (Values{2, 5}));
  EXPECT_EQ(expand(select(x, 1, 0), {2, 2}).to_vector<double>(), (Values{0, 3, 0, 3}));
  EXPECT_EQ(reshape(transpose(x, 0, 1), {6}).to_vector<double>(), (Values{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(movedim(counting({2, 3, 4}), 0, -1).shape(), (Shape{3, 4, 2}));
  EXPECT_EQ(flatten(counting({2, 3, 4, 5}), 1, 2).shape(), (Shape{2, 12, 5}));
  EXPECT_EQ(reshape(counting({0, 3}), {3, 0}).shape(), (Shape{3, 0}));
  EXPECT_EQ(squeeze(unsqueeze(x, -1), -1).shape(), x.shape());
}

TEST_P(View, FlattenKeepsTheLogicalOrderOfChannelsLast) {
  const Tensor x = counting({2, 3, 2, 2}, dtype());
  EXPECT_EQ(flatten(to_channels_last(x), 1).to_vector<double>(), flatten(x, 1).to_vector<double>());
}

// Tiles of a transposition, rows of a copy and odd ends of both.
TEST_P(View, ChannelsLastAndBack) {
  for (const Shape& shape :
       {Shape{1, 1, 1, 1}, Shape{2, 3, 31, 33}, Shape{1, 70, 5, 9}, Shape{2, 72, 4, 10},
        Shape{3, 64, 1, 1}, Shape{0, 3, 2, 2}, Shape{1, 2, 1, 5000}}) {
    SCOPED_TRACE(shape);
    const Tensor x = whole_numbers(shape, dtype(), 1);
    const Tensor y = to_channels_last(x);
    EXPECT_TRUE(y.is_contiguous(MemoryFormat::channels_last));
    EXPECT_EQ(y.to_vector<double>(), x.to_vector<double>());
    EXPECT_EQ(to_channels_last(y).data(), y.data());
    EXPECT_EQ(contiguous(y).to_vector<double>(), x.to_vector<double>());
  }
}

TEST_P(View, CopiesWhatIsScattered) {
  const Tensor x = whole_numbers({3, 50, 4}, dtype(), 1);
  const Values all = x.to_vector<double>();
  const Values every_fourth = contiguous(select(x, 2, 1)).to_vector<double>();
  for (size_t i = 0; i < every_fourth.size(); ++i) EXPECT_EQ(every_fourth[i], all[4 * i + 1]);
  const Tensor y = full({601}, 0, {.dtype = dtype()});
  copy_into(flatten(x), narrow(y, 0, 1, 600));  // dense, and no vector's place
  EXPECT_EQ(narrow(y, 0, 1, 600).to_vector<double>(), all);
}

class ViewOfNumbers : public OpTest {};
SMTRAIN_OP_TEST(ViewOfNumbers, kAllDTypes);

TEST_P(ViewOfNumbers, ConvertsToEveryFloatingDType) {
  for (const DType target : kFloatingDTypes) {
    for (const int64_t size : {1, 7, 8, 9, 1000}) {
      SCOPED_TRACE(testing::Message() << target << " " << size);
      const Tensor x = whole_numbers({size + 1}, dtype(), 1);
      EXPECT_EQ(to(x, target).to_vector<double>(), x.to_vector<double>());
      Tensor y = full({size}, 1, {.dtype = target});
      copy_into(narrow(x, 0, 1, size), y, true);
      Values expected = narrow(x, 0, 1, size).to_vector<double>();
      for (double& value : expected) value += 1;
      EXPECT_EQ(y.to_vector<double>(), expected);
    }
  }
}

TEST(ViewOnTheCpu, ConvertsBetweenDTypes) {
  const Tensor x = from_vector<double>({-1.75, 0, 0.5, 300}, {4});
  EXPECT_EQ(to(x, DType::i64).to_vector<double>(), (Values{-1, 0, 0, 300}));
  EXPECT_EQ(to(x, DType::boolean).to_vector<double>(), (Values{1, 0, 1, 1}));
  EXPECT_EQ(to(x, DType::f16).to_vector<double>(), (Values{-1.75, 0, 0.5, 300}));
  EXPECT_EQ(to(to(x, DType::i32), DType::bf16).to_vector<double>(), (Values{-1, 0, 0, 300}));
  const Tensor large = from_vector<int64_t>({(int64_t{1} << 53) + 1}, {1});
  EXPECT_EQ(to(large, DType::i64).to_vector<int64_t>()[0], (int64_t{1} << 53) + 1);
}

TEST(ViewOnTheCpu, NumbersBeyondAnIntegersRangeBecomeItsEnds) {
  constexpr int64_t kLeast = INT64_MIN, kMost = INT64_MAX;
  const double beyond = 9223372036854775808.0;  // 2^63
  const Tensor x = from_vector<double>({1e30, -1e30, NAN, -1, beyond, -beyond, 255.9, 256}, {8});
  EXPECT_EQ(to(x, DType::i64).to_vector<int64_t>(),
            (std::vector<int64_t>{kMost, kLeast, 0, -1, kMost, kLeast, 255, 256}));
  EXPECT_EQ(x.to_vector<int64_t>(), to(x, DType::i64).to_vector<int64_t>());
  EXPECT_EQ(to(x, DType::u8).to_vector<int64_t>(),
            (std::vector<int64_t>{255, 0, 0, 0, 255, 0, 255, 255}));
  EXPECT_EQ(to(to(x, DType::f32), DType::i32).to_vector<int64_t>()[0], INT32_MAX);
  EXPECT_EQ(full({1}, -1, {.dtype = DType::u8}).item(), 0);
}

TEST(ViewOnTheCpu, CopiesAddBetweenAnyLayoutsAndDTypes) {
  for (const DType from : {DType::f32, DType::f64, DType::i32}) {
    for (const Shape& shape : {Shape{2, 3, 4, 5}, Shape{1, 7, 1, 600}}) {
      const Tensor x = counting(shape, from);
      Values expected = x.to_vector<double>();
      for (double& value : expected) value += 1;
      for (const Tensor& source : {x, to_channels_last(x)}) {
        for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
          const Tensor y = full(shape, 1, {.dtype = DType::f32, .format = format});
          copy_into(source, y, true);
          EXPECT_EQ(y.to_vector<double>(), expected);
        }
      }
      const Tensor wide = full({2, 3, 4, 1200}, 1);
      const Tensor y = narrow(wide, 3, 1, 5);  // strided on the side that is written
      copy_into(transpose(counting({2, 3, 5, 4}), 2, 3), y, true);
      EXPECT_EQ(y.to_vector<double>()[1], 5);
    }
  }
}

class ViewGradient : public OpTest {};
SMTRAIN_OP_TEST(ViewGradient, {DType::f64});

TEST_P(ViewGradient, AgreesWithCentralDifferences) {
  const std::function<Tensor(const Tensor&)> views[] = {
      [](const Tensor& x) {
        return reshape(x, {-1, 3});
      },
      [](const Tensor& x) {
        return flatten(permute(x, {3, 1, 0, 2}), 1);
      },
      [](const Tensor& x) { return movedim(x, 1, -1); },
      [](const Tensor& x) { return narrow(x, 1, 1, 2); },
      [](const Tensor& x) { return select(x, 3, 1); },
      [](const Tensor& x) {
        return expand(x, {4, 2, 3, 2, 2});
      },
      [](const Tensor& x) { return squeeze(unsqueeze(x, 2), 2); },
      [](const Tensor& x) { return contiguous(transpose(x, 0, 3)); },
      [](const Tensor& x) { return to_channels_last(x); },
  };
  for (const auto& view : views) check_gradient(view, {2, 3, 2, 2});
}

TEST_P(ViewGradient, OfAConversionHasTheInputsDType) {
  Tensor x = ones({3});
  x.set_requires_grad(true);
  backward(to(x, DType::f64), full({3}, 0.25, {.dtype = DType::f64}));
  EXPECT_EQ(x.grad().dtype(), DType::f32);
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{0.25, 0.25, 0.25}));
}

TEST(ViewErrors, NameWhatWasWrong) {
  const Tensor x = ones({2, 3});
  EXPECT_THROW_WITH(reshape(x, {4, 2}), "reshape: [2, 3] has 6 elements, which do not fill [4, 2]");
  EXPECT_THROW_WITH(reshape(x, {-1, 4}),
                    "reshape: [2, 3] has 6 elements, which do not fill [-1, 4]");
  EXPECT_THROW_WITH(reshape(x, {-1, -1}), "reshape: sizes are positive, or -1 once, got [-1, -1]");
  EXPECT_THROW_WITH(flatten(x, 1, 0), "flatten: start_dim 1 comes after end_dim 0 in shape [2, 3]");
  EXPECT_THROW_WITH(permute(x, {0}), "permute: expected 2 dimensions for shape [2, 3], got 1");
  EXPECT_THROW_WITH(permute(x, {1, -1}), "permute: dim 1 is named twice for shape [2, 3]");
  EXPECT_THROW_WITH(narrow(x, 1, 2, 2),
                    "narrow: start 2 and length 2 do not lie in dim 1 of shape [2, 3]");
  EXPECT_THROW_WITH(select(x, 0, 2), "select: index 2 is out of range for dim 0 of shape [2, 3]");
  EXPECT_THROW_WITH(expand(x, {2, 2, 2}), "expand: shapes [2, 3] and [2, 2, 2] do not broadcast");
  EXPECT_THROW_WITH(expand(x, {3}), "expand: [2, 3] does not expand to [3]");
  EXPECT_THROW_WITH(squeeze(x, 0), "squeeze: dim 0 of shape [2, 3] is not 1");
  EXPECT_THROW_WITH(to_channels_last(x),
                    "to_channels_last: expected shape [N, C, H, W], got [2, 3]");
}

}  // namespace
}  // namespace smtrain::test
