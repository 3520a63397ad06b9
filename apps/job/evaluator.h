// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/job/objective.h"
#include "smtrain/data/loader.h"
#include "smtrain/engine/captured_step.h"
#include "smtrain/nn/module.h"

#include <cstdint>
#include <functional>

namespace smtrain::app {

/// What a model makes of a data set.
struct Evaluation {
  double loss = 0;  // mean over the samples, or what quirks.test_loss makes of it
  int64_t correct = 0;
  int64_t samples = 0;

  double accuracy() const {
    return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples);
  }
};

/// Runs a model in evaluation mode over batches, captured unless told otherwise.
class Evaluator {
 public:
  Evaluator(nn::Module& model, const Objective& objective, const Preprocessing& preprocessing,
            TestLoss test_loss, bool capture);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Told of each batch, in parts of at most 128 samples, and the model's output for it, valid
  /// during the call.
  using OnBatch = std::function<void(const data::Batch& batch, const Tensor& output)>;

  /// Goes once through the loader.
  Evaluation operator()(data::DataLoader& loader, const OnBatch& on_batch = {});

  /// Goes through the batches of an epoch that was started elsewhere.
  Evaluation operator()(const data::EpochBatches& batches, const OnBatch& on_batch = {});

  /// The memory that was planned for what a run computes, and its buffers for batches.
  size_t arena_bytes() const { return step_.arena_bytes(); }
  size_t input_bytes() const { return step_.input_bytes(); }

  /// Forgets what was planned and recorded, and gives its memory back.
  void forget() { step_.reset(); }

 private:
  std::vector<Tensor> run(std::span<const Tensor> inputs);

  nn::Module& model_;
  const Objective& objective_;
  const Preprocessing& preprocessing_;
  const TestLoss test_loss_;
  Tensor correct_;  // i64 [], counts up over an evaluation
  CapturedStep step_;
};

}  // namespace smtrain::app
