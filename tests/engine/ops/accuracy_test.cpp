// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/accuracy.h"

#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/tests/engine/op_test.h"

#include <cmath>

namespace smtrain::test {
namespace {

class Accuracy : public OpTest {};
SMTRAIN_OP_TEST(Accuracy, kFloatingDTypes);

TEST_P(Accuracy, AddsToTheCountAndPrefersTheFirstOfEquals) {
  const Tensor scores =
      to(from_vector<double>({1, 2, 0, 3, 3, 1, -1, -2, -1, 0, 0, 5}, {4, 3}), dtype());
  const Tensor correct = full({}, 10, {.dtype = DType::i64});
  count_correct(scores, from_vector<int64_t>({1, 0, 2, 2}, {4}), correct);
  EXPECT_EQ(correct.item(), 13);
  count_correct(contiguous(transpose(scores, 0, 1)), from_vector<int64_t>({1, 3, 3}, {3}), correct);
  EXPECT_EQ(correct.item(), 15);
  count_correct(transpose(contiguous(transpose(scores, 0, 1)), 0, 1),
                from_vector<int64_t>({1, 0, 0, 2}, {4}), correct);
  EXPECT_EQ(correct.item(), 19);
}

TEST_P(Accuracy, TakesANanForTheLargestAsArgmaxDoes) {
  const Tensor scores = to(from_vector<double>({5, NAN, 7, NAN}, {1, 4}), dtype());
  const Tensor correct = zeros({}, {.dtype = DType::i64});
  count_correct(scores, argmax(scores, 1), correct);
  EXPECT_EQ(correct.item(), 1);
  EXPECT_EQ(argmax(scores, 1).item(), 1);
}

TEST_P(Accuracy, OfAnEmptyBatchAddsNothing) {
  const Tensor correct = zeros({}, {.dtype = DType::i64});
  count_correct(empty({0, 3}, {.dtype = dtype()}), empty({0}, {.dtype = DType::i64}), correct);
  EXPECT_EQ(correct.item(), 0);
}

TEST(AccuracyErrors, NameWhatWasWrong) {
  const Tensor correct = zeros({}, {.dtype = DType::i64}),
               target = zeros({2}, {.dtype = DType::i64});
  EXPECT_THROW_WITH(
      count_correct(ones({2}), target, correct),
      "count_correct: expected floating scores of shape [N, classes], got f32 of shape [2]");
  EXPECT_THROW_WITH(count_correct(ones({3, 4}), target, correct),
                    "count_correct: target expects i64 of shape [3], got i64 of shape [2]");
  EXPECT_THROW_WITH(
      count_correct(ones({2, 4}), full({2}, 0, {.dtype = DType::i64}, test_devices()[0]), correct),
      "count_correct: input is on cpu, target on " + test_devices()[0].name());
  EXPECT_THROW_WITH(
      count_correct(ones({2, 4}), target, full({}, 0, {.dtype = DType::i64}, test_devices()[0])),
      "count_correct: input is on cpu, the count on " + test_devices()[0].name());
  EXPECT_THROW_WITH(count_correct(ones({2, 4}), target, target),
                    "count_correct: the count expects one i64, got i64 of shape [2]");
}

}  // namespace
}  // namespace smtrain::test
