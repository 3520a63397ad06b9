// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/sampler.h"

#include "smtrain/engine/error.h"

#include <numeric>

namespace smtrain::data {
namespace {

int64_t checked_size(int64_t size) {
  check(size >= 0, "sampler: expected a size of at least 0, got ", size);
  return size;
}

std::vector<int64_t> in_order(int64_t size) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

Epoch Sampler::start_epoch(Generator& generator) {
  const int64_t seed = generator.random();
  return {.seed = seed, .order = draw_order(generator)};
}

SequentialSampler::SequentialSampler(int64_t size) : size_(checked_size(size)) {}

std::vector<int64_t> SequentialSampler::draw_order(Generator&) { return in_order(size_); }

RandomSampler::RandomSampler(int64_t size, ShuffleStyle style)
    : size_(checked_size(size)), style_(style) {}

std::vector<int64_t> RandomSampler::draw_order(Generator& generator) {
  if (style_ == ShuffleStyle::up_to_1_5) return generator.randperm(size_);
  Generator shuffle(static_cast<uint64_t>(generator.random()));
  return shuffle.randperm(size_);
}

DistributedSampler::DistributedSampler(int64_t dataset_size, DistributedSamplerOptions options)
    : dataset_size_(checked_size(dataset_size)), options_(options) {
  check(options.rank >= 0 && options.rank < options.world_size,
        "distributed sampler: expected a rank from 0 to world_size - 1, got rank ", options.rank,
        " and world_size ", options.world_size);
}

int64_t DistributedSampler::size() const {
  const int64_t whole = dataset_size_ / options_.world_size;
  const bool pad = !options_.drop_last && dataset_size_ % options_.world_size != 0;
  return whole + (pad ? 1 : 0);
}

std::vector<int64_t> DistributedSampler::draw_order(Generator&) {
  std::vector<int64_t> all = in_order(dataset_size_);
  if (options_.shuffle) {
    all = Generator(static_cast<uint64_t>(options_.seed + epoch_)).randperm(dataset_size_);
  }
  std::vector<int64_t> share(size());
  for (int64_t i = 0; i < size(); ++i) {
    share[i] = all[(options_.rank + i * options_.world_size) % dataset_size_];
  }
  return share;
}

}  // namespace smtrain::data
