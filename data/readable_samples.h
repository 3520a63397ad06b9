// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace smtrain::data {

/// What becomes of samples that can't be read: a damaged picture, a file that has gone.
enum class CorruptPolicy {
  skip,     // the dataset is without them
  replace,  // in place of each stands the next readable sample of its class
  fail,     // the error comes when such a sample is loaded
};

/// A sample that could not be read.
struct UnreadableSample {
  int64_t index = 0;   // in the dataset as it was
  std::string source;  // its file
  std::string reason;  // what reading it threw
};

/// A dataset after a policy was applied to it, and why.
struct ReadableSamples {
  std::shared_ptr<const Dataset> dataset;
  std::vector<UnreadableSample> unreadable;  // by index
};

/// Applies a policy. For skip and replace every sample is read once, now, on `threads` threads (0:
/// the caller's own): which samples an epoch has must be known before its order is drawn, and this
/// way neither the order nor any batch depends on when a damaged file is met. Samples in memory
/// cost nothing, those of a cache next to nothing.
///
/// Throws BadInput when no sample of a class is readable.
ReadableSamples readable_samples(std::shared_ptr<const Dataset> dataset, CorruptPolicy policy,
                                 int threads = 0);

}  // namespace smtrain::data
