// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/evaluator.h"

#include "smtrain/data/array_dataset.h"
#include "smtrain/engine/ops/loss.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/sequential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace smtrain::app {
namespace {

constexpr int64_t kClasses = 3;

/// `count` grey pictures of 2 x 2 pixels.
std::shared_ptr<data::ArrayDataset> pictures(int64_t count) {
  Array images{DType::u8, {count, 2, 2}, {}}, labels{DType::u8, {count}, {}};
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t pixel = 0; pixel < 4; ++pixel)
      images.bytes.push_back(static_cast<uint8_t>(37 * i + 91 * pixel));
    labels.bytes.push_back(static_cast<uint8_t>(i % kClasses));
  }
  return std::make_shared<data::ArrayDataset>(data::NamedArray{"images", std::move(images)},
                                              data::NamedArray{"labels", std::move(labels)});
}

/// The loss of an evaluation in batches, and what it has to be: each sample's loss (cross entropy
/// and the nll of log-probabilities are the same) from the scores that the evaluator handed out.
struct Losses {
  double found = 0, mean = 0, sum_of_batch_means = 0;
};

Losses evaluate(int64_t samples, int64_t batch_size, TestLoss test_loss, bool capture) {
  const auto model = nn::sequential({nn::flatten(), nn::linear(4, kClasses)});
  const Objective objective(CrossEntropyLoss{}, kClasses);
  const Preprocessing preprocessing{.transforms = {}, .mean = {0}, .std = {1}};
  Evaluator evaluator(*model, objective, preprocessing, test_loss, capture);
  data::DataLoader loader(pictures(samples), {.batch_size = batch_size, .raw = true});

  std::vector<double> losses;
  const auto add = [&](const data::Batch& batch, const Tensor& scores) {
    for (const double loss :
         cross_entropy(scores, batch.targets, {.reduction = Reduction::none}).to_vector<double>())
      losses.push_back(loss);
  };
  Losses result{.found = evaluator(loader, add).loss};
  EXPECT_EQ(losses.size(), samples);
  for (size_t i = 0; i < losses.size(); ++i) {
    const int64_t batch_start = static_cast<int64_t>(i) / batch_size * batch_size;
    const int64_t batch = std::min(batch_size, samples - batch_start);
    result.mean += losses[i] / static_cast<double>(samples);
    result.sum_of_batch_means += losses[i] / static_cast<double>(batch * samples);
  }
  return result;
}

TEST(Evaluator, TheLossIsTheMeanOrOnRequestTheArticlesSumOfBatchMeans) {
  struct Case {
    int64_t samples, batch_size;
  };
  // The last batch is short; a batch is evaluated in parts; all is one batch; one sample a batch.
  for (const Case c : {Case{11, 4}, {700, 300}, {5, 8}, {3, 1}}) {
    for (const bool capture : {false, true}) {
      SCOPED_TRACE(testing::Message() << c.samples << " in batches of " << c.batch_size);
      const Losses mean = evaluate(c.samples, c.batch_size, TestLoss::mean, capture);
      EXPECT_NEAR(mean.found, mean.mean, 1e-6);
      const Losses sum = evaluate(c.samples, c.batch_size, TestLoss::sum_of_batch_means, capture);
      EXPECT_NEAR(sum.found, sum.sum_of_batch_means, 1e-6);
      if (c.batch_size > 1) {
        EXPECT_GT(sum.mean, 1.5 * sum.found);
      }
    }
  }
}

}  // namespace
}  // namespace smtrain::app
