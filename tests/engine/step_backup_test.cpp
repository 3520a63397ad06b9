// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/step_backup.h"

#include "smtrain/engine/ops/dropout.h"
#include "smtrain/tests/engine/op_test.h"

namespace smtrain::test {
namespace {

class StepBackupTest : public OpTest {};
SMTRAIN_OP_TEST(StepBackupTest, {DType::f32, DType::i64});

std::vector<double> values_of(const std::vector<Tensor>& tensors) {
  std::vector<double> values;
  for (const Tensor& tensor : tensors) {
    for (const double value : tensor.to_vector<double>()) values.push_back(value);
  }
  return values;
}

// Of sizes that a block of bytes holds in whole accesses, and of others; in another order than
// rows.
TEST_P(StepBackupTest, RestoresWhatTheLastGoodStepLeft) {
  const std::vector<Tensor> buffers = {
      full({4, 4}, 1, {.dtype = dtype()}), full({}, 2, {.dtype = DType::i64}),
      full({1, 3, 2, 2}, 3, {.dtype = dtype(), .format = MemoryFormat::channels_last}),
      full({7}, 4, {.dtype = dtype()}), full({0}, 5, {.dtype = dtype()})};
  const std::vector<double> at_first = values_of(buffers);
  StepBackup backup(buffers);
  EXPECT_EQ(values_of(buffers), at_first);  // moved, and seen by all handles
  EXPECT_EQ(buffers[2].is_contiguous(MemoryFormat::channels_last), true);

  const Tensor skip = zeros({1}, {.dtype = DType::i32});
  backup.keep_generator();
  backup.keep(skip);
  const Tensor x = ones({64});
  const std::vector<float> drawn = dropout(x, 0.5, true).to_vector<float>();
  for (const Tensor& buffer : buffers) fill(buffer, 9);
  fill(skip, 1);
  backup.keep(skip);  // keeps nothing: the step was no good one
  dropout(x, 0.5, true);
  backup.restore();
  EXPECT_EQ(values_of(buffers), at_first);
  EXPECT_EQ(dropout(x, 0.5, true).to_vector<float>(), drawn);

  fill(skip, 0);
  for (const Tensor& buffer : buffers) fill(buffer, 8);
  backup.keep(skip);
  for (const Tensor& buffer : buffers) fill(buffer, 9);
  backup.restore();
  EXPECT_EQ(values_of({buffers[1], buffers[3]}), std::vector<double>(8, 8));
}

}  // namespace
}  // namespace smtrain::test
