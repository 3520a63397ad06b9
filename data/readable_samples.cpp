// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/readable_samples.h"

#include "smtrain/data/prefetcher.h"
#include "smtrain/data/selected_samples.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace smtrain::data {
namespace {

std::vector<UnreadableSample> find_unreadable(const Dataset& dataset, int threads) {
  std::mutex mutex;
  std::vector<UnreadableSample> unreadable;
  Prefetcher reading(threads, [&](int64_t index) {
    if (dataset.view(index)) return;
    try {
      dataset.get(index);
    } catch (const std::runtime_error& error) {
      const std::lock_guard lock(mutex);
      unreadable.push_back({index, dataset.source(index), error.what()});
    }
  });
  reading.allow(dataset.size());
  reading.wait(dataset.size());
  std::ranges::sort(unreadable, {}, &UnreadableSample::index);
  return unreadable;
}

/// A class of which nothing can be read is an error, as an empty one is.
void check_classes_are_left(const Dataset& dataset, const std::vector<bool>& readable,
                            const std::vector<UnreadableSample>& unreadable) {
  std::vector<bool> left(dataset.classes().size());
  for (int64_t index = 0; index < dataset.size(); ++index) {
    if (readable[static_cast<size_t>(index)])
      left[static_cast<size_t>(dataset.target(index))] = true;
  }
  for (const UnreadableSample& sample : unreadable) {
    const auto target = static_cast<size_t>(dataset.target(sample.index));
    if (!left[target]) {
      bad_input("readable_samples: no sample of class ", dataset.classes()[target],
                " can be read; the first: ", sample.reason);
    }
  }
}

/// The next sample after `index`, round the end, that is readable and of the same class.
int64_t replacement_for(int64_t index, const Dataset& dataset, const std::vector<bool>& readable) {
  int64_t other = index;
  do {
    other = (other + 1) % dataset.size();
  } while (!readable[static_cast<size_t>(other)] || dataset.target(other) != dataset.target(index));
  return other;
}

}  // namespace

ReadableSamples readable_samples(std::shared_ptr<const Dataset> dataset, CorruptPolicy policy,
                                 int threads) {
  if (policy == CorruptPolicy::fail) return {std::move(dataset), {}};
  std::vector<UnreadableSample> unreadable = find_unreadable(*dataset, threads);
  if (unreadable.empty()) return {std::move(dataset), {}};
  const int64_t size = dataset->size();
  if (std::ssize(unreadable) == size) {
    bad_input("readable_samples: none of ", size,
              " samples can be read; the first: ", unreadable.front().reason);
  }

  std::vector<bool> readable(static_cast<size_t>(size), true);
  for (const auto& sample : unreadable) readable[static_cast<size_t>(sample.index)] = false;
  check_classes_are_left(*dataset, readable, unreadable);
  std::vector<int64_t> selected;
  for (int64_t index = 0; index < size; ++index) {
    if (readable[static_cast<size_t>(index)]) {
      selected.push_back(index);
    } else if (policy == CorruptPolicy::replace) {
      selected.push_back(replacement_for(index, *dataset, readable));
    }
  }
  return {std::make_shared<SelectedSamples>(std::move(dataset), std::move(selected)),
          std::move(unreadable)};
}

}  // namespace smtrain::data
