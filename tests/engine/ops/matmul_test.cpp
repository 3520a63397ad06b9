// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/matmul.h"

#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/engine/ops/agreement.h"
#include "smtrain/tests/reference/matmul.h"

namespace smtrain::test {
namespace {

class Matmul : public OpTest {};
SMTRAIN_OP_TEST(Matmul, kFloatingDTypes);

class MatmulNarrow : public OpTest {};
SMTRAIN_OP_TEST(MatmulNarrow, kNarrowDTypes);

struct Sizes {
  int64_t rows, inner, columns;
};

// Around the tile of 32 rows, its depth of 64 and its width of 32 or 64 columns.
constexpr Sizes kSizes[] = {{1, 1, 1},    {2, 3, 4},    {5, 1, 7},     {31, 63, 33}, {32, 64, 64},
                            {33, 65, 65}, {4, 129, 31}, {70, 40, 130}, {0, 3, 2},    {2, 0, 3}};

TEST_P(Matmul, AgreesWithFloat64ReferenceInAnyLayout) {
  for (const auto [rows, inner, columns] : kSizes) {
    SCOPED_TRACE(testing::Message() << rows << " x " << inner << " x " << columns);
    const Tensor a = randn({rows, inner}, dtype(), 1), b = randn({inner, columns}, dtype(), 2);
    const Tensor expected = reference::matmul(to(a, DType::f64), to(b, DType::f64));
    const Tensor a_turned = transpose(contiguous(transpose(a, 0, 1)), 0, 1);
    const Tensor b_turned = transpose(contiguous(transpose(b, 0, 1)), 0, 1);
    EXPECT_CLOSE(matmul(a, b), expected, tolerance(dtype()));
    EXPECT_CLOSE(matmul(a_turned, b), expected, tolerance(dtype()));
    EXPECT_CLOSE(matmul(a, b_turned), expected, tolerance(dtype()));
    EXPECT_CLOSE(matmul(a_turned, b_turned), expected, tolerance(dtype()));
  }
}

TEST_P(Matmul, TakesStridesThatNoTransposeHas) {
  const Tensor wide = randn({6, 10, 2}, dtype(), 3), b = randn({10, 5}, dtype(), 4);
  const Tensor a = select(wide, 2, 1);  // every second element
  EXPECT_CLOSE(matmul(a, b), reference::matmul(to(a, DType::f64), to(b, DType::f64)),
               tolerance(dtype()));
}

TEST_P(Matmul, MultipliesEachMatrixOfABatch) {
  const Tensor a = randn({2, 3, 4, 5}, dtype(), 5), b = randn({2, 3, 5, 6}, dtype(), 6);
  const Tensor y = matmul(a, b);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      const auto at = [&](const Tensor& t) { return select(select(t, 0, i), 0, j); };
      EXPECT_CLOSE(at(y), reference::matmul(to(at(a), DType::f64), to(at(b), DType::f64)),
                   tolerance(dtype()));
    }
  }
}

TEST_P(MatmulNarrow, GradientsAgreeWithFloat64) {
  const auto f = [](const std::vector<Tensor>& in) { return matmul(in[0], in[1]); };
  expect_agrees_with_float64(f, {randn({33, 20}, dtype(), 7), randn({20, 41}, dtype(), 8)},
                             tolerance(dtype()));
}

TEST(MatmulGradient, AgreesWithCentralDifferences) {
  const auto f = [](const std::vector<Tensor>& in) { return matmul(in[0], in[1]); };
  check_gradients(f, std::vector<Shape>{{3, 4}, {4, 2}});
  check_gradients(f, std::vector<Shape>{{2, 3, 4}, {2, 4, 2}});
  check_gradients(f, std::vector<Shape>{{2, 3, 4}, {4, 2}});
  check_gradients(f, std::vector<Shape>{{3, 4}, {2, 4, 2}});
  check_gradients(
      [](const std::vector<Tensor>& in) { return matmul(transpose(in[0], 0, 1), in[1]); },
      std::vector<Shape>{{4, 3}, {4, 2}});
}

TEST(MatmulErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(matmul(ones({2, 3}), ones({4, 5})),
                    "matmul: a has 3 columns but b has 4 rows (a [2, 3], b [4, 5])");
  EXPECT_THROW_WITH(matmul(ones({2}), ones({2, 5})),
                    "matmul: expected at least 2 dimensions, got [2] and [2, 5]");
  EXPECT_THROW_WITH(matmul(ones({2, 2, 3}), ones({3, 3, 4})),
                    "matmul: leading dimensions differ (a [2, 2, 3], b [3, 3, 4])");
  EXPECT_THROW_WITH(matmul(ones({2, 2}), ones({2, 2}, {.dtype = DType::f64})),
                    "matmul: expected one floating dtype, got f32 and f64");
}

}  // namespace
}  // namespace smtrain::test
