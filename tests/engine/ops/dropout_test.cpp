// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/ops/dropout.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/ops/arithmetic.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/tape.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/shared_data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace smtrain::test {
namespace {

class Dropout : public OpTest {};
SMTRAIN_OP_TEST(Dropout, kFloatingDTypes);

std::vector<double> golden_values(const std::string& seed, const std::string& name) {
  const Array array = read_npz_array(golden("rng/rng_seed" + seed + ".npz"), name);
  const auto values = array.values<float>();
  return {values.begin(), values.end()};
}

TEST_P(Dropout, DrawsPyTorchsMasks) {
  if (context_.draws_philox(device())) GTEST_SKIP() << device() << " draws Philox's masks alone";
  for (const int seed : {1, 42}) {
    context_.manual_seed(static_cast<uint64_t>(seed));
    EXPECT_EQ(dropout(ones({64}, {.dtype = dtype()}), 0.5).to_vector<double>(),
              golden_values(std::to_string(seed), "dropout_0.5_of_ones_f32"));
    context_.manual_seed(static_cast<uint64_t>(seed));
    EXPECT_CLOSE(dropout2d(ones({4, 6, 2, 2}, {.dtype = dtype()}), 0.25).to_vector<double>(),
                 golden_values(std::to_string(seed), "dropout2d_0.25_of_ones_4x6x2x2_f32"),
                 std::max(1e-7, tolerance(dtype())));
  }
}

TEST_P(Dropout, MasksFollowTheLogicalOrderWhateverTheMemoryFormat) {
  const Tensor x = randn({2, 3, 5, 7}, dtype(), 1);
  context_.manual_seed(5);
  const Tensor expected = dropout(x, 0.3);
  context_.manual_seed(5);
  const Tensor y = dropout(to_channels_last(x), 0.3);
  EXPECT_TRUE(y.is_contiguous(MemoryFormat::channels_last));
  EXPECT_EQ(y.to_vector<double>(), expected.to_vector<double>());
}

TEST_P(Dropout, ScalesWhatStaysAndPassesTheSameBack) {
  Tensor x = full({10000}, 2, {.dtype = dtype()});
  x.set_requires_grad(true);
  const Tensor y = dropout(x, 0.25);
  backward(y, full({10000}, 2, {.dtype = dtype()}));
  EXPECT_EQ(x.grad().to_vector<double>(), y.to_vector<double>());
  const double scaled = full({1}, 2 / 0.75, {.dtype = dtype()}).item();
  int kept = 0;
  for (const double value : y.to_vector<double>()) {
    if (value == 0) continue;
    ASSERT_NEAR(value, scaled, scaled * tolerance(dtype()));
    ++kept;
  }
  EXPECT_NEAR(kept, 7500, 5 * std::sqrt(10000 * 0.25 * 0.75));
}

TEST_P(Dropout, DrawsNothingWhenItDoesNothing) {
  const Tensor x = randn({20}, dtype(), 1);
  const auto before = context_.generator().state();
  EXPECT_EQ(dropout(x, 0.4, false).to_vector<double>(), x.to_vector<double>());
  EXPECT_EQ(dropout(x, 0).to_vector<double>(), x.to_vector<double>());
  EXPECT_EQ(dropout2d(unsqueeze(x, 0), 0.4, false).to_vector<double>(), x.to_vector<double>());
  EXPECT_EQ(context_.generator().state(), before);
}

TEST_P(Dropout, OfEverythingIsZero) {
  const Tensor x = randn({20}, dtype(), 1);
  EXPECT_EQ(dropout(x, 1).to_vector<double>(), std::vector<double>(20, 0));
}

TEST_P(Dropout, PhiloxMasksDifferFromDrawToDrawAndRepeatWithTheSeed) {
  Context context({.device = device(), .seed = 3, .rng = RngKind::philox});
  const ContextGuard guard(context);
  const Tensor x = ones({9999}, {.dtype = dtype()});
  context.manual_seed(3);
  const auto first = dropout(x, 0.5).to_vector<double>();
  const auto second = dropout(x, 0.5).to_vector<double>();
  context.manual_seed(3);
  EXPECT_EQ(dropout(x, 0.5).to_vector<double>(), first);
  EXPECT_NE(first, second);
  EXPECT_NEAR(std::accumulate(first.begin(), first.end(), 0.0), 9999, 5 * std::sqrt(9999.0));
}

TEST_P(Dropout, ReplayingACallDrawsTheNextMask) {
  const Tensor x = ones({1000}, {.dtype = dtype()});
  context_.manual_seed(7);
  const auto first = dropout(x, 0.5).to_vector<double>();
  const auto second = dropout(x, 0.5).to_vector<double>();
  context_.manual_seed(7);
  Tape tape;
  context_.set_tape(&tape);
  const Tensor y = dropout(x, 0.5);
  context_.set_tape(nullptr);
  EXPECT_EQ(y.to_vector<double>(), first);
  tape.replay();
  EXPECT_EQ(y.to_vector<double>(), second);
}

class DropoutGradient : public OpTest {};
SMTRAIN_OP_TEST(DropoutGradient, {DType::f64});

TEST_P(DropoutGradient, AgreesWithCentralDifferences) {
  const auto same_mask = [this](Tensor (*op)(const Tensor&, double, bool)) {
    return [this, op](const Tensor& x) {
      context_.manual_seed(8);
      return op(x, 0.4, true);
    };
  };
  check_gradient(same_mask(dropout), {3, 4});
  check_gradient(same_mask(dropout2d), {2, 3, 2, 2});
}

TEST(DropoutErrors, NameWhatWasWrong) {
  EXPECT_THROW_WITH(dropout(ones({2}), 1.5), "dropout: probability is between 0 and 1, got 1.5");
  EXPECT_THROW_WITH(dropout(ones({2}, {.dtype = DType::i64}), 0.5),
                    "dropout: expected a floating dtype, got i64");
  EXPECT_THROW_WITH(dropout2d(ones({2}), 0.5), "dropout2d: expected shape [N, C, ...], got [2]");
}

}  // namespace
}  // namespace smtrain::test
