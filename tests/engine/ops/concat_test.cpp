// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/concat.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"

namespace smtrain::test {
namespace {

TEST(Concat, PutsPartsOneAfterTheOther) {
  const Tensor a = from_vector<int64_t>({1, 2, 3, 4}, {2, 2});
  const Tensor b = from_vector<int64_t>({5, 6}, {2, 1});
  EXPECT_EQ(concat({a, b, empty({2, 0}, {.dtype = DType::i64})}, 1).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 2, 5, 3, 4, 6}));
  EXPECT_EQ(concat({a, transpose(b, 0, 1)}, 0).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Concat, StackAddsADimension) {
  const Tensor a = from_vector<int64_t>({1, 2}, {2}), b = from_vector<int64_t>({3, 4}, {2});
  EXPECT_EQ(stack({a, b}, 0).to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(stack({a, b}, -1).to_vector<int64_t>(), (std::vector<int64_t>{1, 3, 2, 4}));
}

TEST(ConcatGradient, AgreesWithCentralDifferences) {
  check_gradients(
      [](const std::vector<Tensor>& in) {
        return concat({in[0], in[1], in[0]}, 1);
      },
      {Shape{2, 3, 2}, Shape{2, 1, 2}});
  check_gradients([](const std::vector<Tensor>& in) { return stack(in, 1); },
                  {Shape{2, 3}, Shape{2, 3}});
}

TEST(ConcatErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(concat({}, 0), "concat: expected at least one tensor");
  EXPECT_THROW_WITH(concat({ones({2, 3}), ones({3, 3})}, 1),
                    "concat: shapes [2, 3] and [3, 3] differ beyond dim 1");
  EXPECT_THROW_WITH(concat({ones({2}), ones({2}, {.dtype = DType::f64})}, 0),
                    "concat: dtypes differ (f32 and f64)");
  EXPECT_THROW_WITH(concat({ones({2}), full({2}, 1, {}, test_devices()[0])}, 0),
                    "concat: devices differ (cpu and " + test_devices()[0].name() + ")");
  EXPECT_THROW_WITH(stack({ones({2}), ones({3})}, 0), "stack: shapes [2] and [3] differ");
}

}  // namespace
}  // namespace smtrain::test
