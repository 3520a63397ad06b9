// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/batch.h"
#include "smtrain/data/dataset.h"
#include "smtrain/data/normalize.h"
#include "smtrain/data/sampler.h"
#include "smtrain/data/transform.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>

namespace smtrain::data {

class BatchUpload;
class EpochPass;
class SampleLoader;

/// How a DataLoader orders, loads, transforms and batches samples.
struct DataLoaderOptions {
  int64_t batch_size = 1;
  bool shuffle = false;                   // a new order each epoch, as RandomSampler draws it
  std::shared_ptr<Sampler> sampler = {};  // decides the order instead of `shuffle`
  bool drop_last = false;                 // leave out a last batch that is not full
  int threads = 0;                        // that load; 0: the caller's own
  int64_t prefetch = 4;                   // batches that the threads load ahead of the caller
  Transforms transforms = {};             // of each picture, one after the other
  Normalization normalization = {};       // none: pixels are only divided by 255
  bool raw = false;    // hand out pixels, for normalize_images() in a captured step
  Device device = {};  // where batches are handed out
};

/// At one batch of an epoch. Going on to the next takes its memory back, unless somebody still
/// holds its tensors. Throws what the first sample that failed to load threw.
class BatchIterator {
 public:
  using value_type = Batch;
  using difference_type = std::ptrdiff_t;

  explicit BatchIterator(std::shared_ptr<EpochPass> pass);

  Batch& operator*() const;
  Batch* operator->() const { return &**this; }
  BatchIterator& operator++();
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const;

 private:
  std::shared_ptr<EpochPass> pass_;
};

/// The batches of one epoch, to go through once. Loading ends with the last of it and its
/// iterators.
class EpochBatches {
 public:
  explicit EpochBatches(std::shared_ptr<EpochPass> pass) : pass_(std::move(pass)) {}

  BatchIterator begin() const { return BatchIterator(pass_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::shared_ptr<EpochPass> pass_;
};

/// Hands out a dataset in batches that are loaded ahead of their use.
///
///   for (auto& [images, targets] : loader) ...
///
/// An epoch's order and the seed of its random transforms are drawn when it begins, once, from the
/// current context's generator. All else is a function of (seed, index), so any number of threads
/// gives the same batches. All pictures must have one size after the transforms.
class DataLoader {
 public:
  /// Reads sample 0, to know the shape of all. Throws std::invalid_argument for options that
  /// contradict each other or do not fit the data, and what the dataset throws.
  explicit DataLoader(std::shared_ptr<const Dataset> dataset, DataLoaderOptions options = {});

  /// How many batches an epoch has.
  int64_t size() const;

  const Dataset& dataset() const;

  /// [C, H, W] of every sample.
  const Shape& sample_shape() const;

  /// Starts an epoch.
  BatchIterator begin() { return batches(start_epoch()).begin(); }
  std::default_sentinel_t end() const { return {}; }

  /// The draws that an epoch starts with. Whoever keeps them can repeat it, and go on within it.
  Epoch start_epoch();

  /// The batches of an epoch from number `first_batch` on.
  EpochBatches batches(Epoch epoch, int64_t first_batch = 0);

 private:
  DataLoaderOptions options_;
  std::shared_ptr<const SampleLoader> samples_;
  std::shared_ptr<BatchUpload> upload_;  // of the last epoch; none where batches need none
};

}  // namespace smtrain::data
