// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/random.h"

#include <cstdint>
#include <vector>

namespace smtrain::data {

/// What is drawn at the start of an epoch; all that happens within one follows from it.
struct Epoch {
  int64_t seed = 0;            // for the random transforms of this epoch
  std::vector<int64_t> order;  // indices into the dataset
};

/// Decides the order in which an epoch visits a dataset.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// Starts an epoch with the draws that PyTorch makes when a DataLoader is iterated: one random()
  /// for every sampler (there the seed of the worker processes), then those of the order.
  Epoch start_epoch(Generator& generator);

  /// How many indices an epoch has.
  virtual int64_t size() const = 0;

  /// The number of the epoch that starts next, for orders that depend on it.
  virtual void set_epoch(int64_t) {}

 private:
  virtual std::vector<int64_t> draw_order(Generator& generator) = 0;
};

/// 0, 1, ..., size - 1.
class SequentialSampler : public Sampler {
 public:
  explicit SequentialSampler(int64_t size);
  int64_t size() const override { return size_; }

 private:
  std::vector<int64_t> draw_order(Generator& generator) override;

  int64_t size_;
};

/// How PyTorch shuffles: from 1.8 on with a private generator that one random() seeds, up to 1.5
/// with the job's generator itself.
enum class ShuffleStyle { modern, up_to_1_5 };

/// Every index once, in an order drawn anew each epoch.
class RandomSampler : public Sampler {
 public:
  explicit RandomSampler(int64_t size, ShuffleStyle style = ShuffleStyle::modern);
  int64_t size() const override { return size_; }

 private:
  std::vector<int64_t> draw_order(Generator& generator) override;

  int64_t size_;
  ShuffleStyle style_;
};

/// Which share of which order a rank takes.
struct DistributedSamplerOptions {
  int64_t world_size = 1;
  int64_t rank = 0;
  bool shuffle = true;
  int64_t seed = 0;        // the same on all ranks
  bool drop_last = false;  // leave out what does not divide evenly, instead of repeating the first
};

/// One rank's share of an order that all ranks agree on: indices rank, rank + world_size, ... of
/// it, equally many on each. The order depends on seed + epoch alone; the job's generator does not
/// shape it.
class DistributedSampler : public Sampler {
 public:
  /// `dataset_size` samples in all. Throws std::invalid_argument unless 0 <= rank < world_size.
  DistributedSampler(int64_t dataset_size, DistributedSamplerOptions options);

  /// Epochs that share a number share an order, so each needs its own.
  void set_epoch(int64_t epoch) override { epoch_ = epoch; }

  int64_t size() const override;

 private:
  std::vector<int64_t> draw_order(Generator& generator) override;

  int64_t dataset_size_;
  DistributedSamplerOptions options_;
  int64_t epoch_ = 0;
};

}  // namespace smtrain::data
