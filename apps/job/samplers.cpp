// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/samplers.h"

namespace smtrain::app {
namespace {

/// A share of an order that stays what it is in epoch 0.
class SameOrderEveryEpoch : public data::DistributedSampler {
 public:
  using DistributedSampler::DistributedSampler;
  void set_epoch(int64_t) override {}
};

}  // namespace

std::shared_ptr<data::Sampler> training_sampler(int64_t samples, ProcessRank process,
                                                SetEpoch set_epoch) {
  if (process.rank == 0 && process.world_size == 1) {
    return std::make_shared<data::RandomSampler>(samples);
  }
  const data::DistributedSamplerOptions share{.world_size = process.world_size,
                                              .rank = process.rank};
  if (set_epoch == SetEpoch::never) return std::make_shared<SameOrderEveryEpoch>(samples, share);
  return std::make_shared<data::DistributedSampler>(samples, share);
}

std::shared_ptr<data::Sampler> validation_sampler(int64_t samples, SamplerOrder order) {
  if (order == SamplerOrder::test_shuffled) return std::make_shared<data::RandomSampler>(samples);
  return std::make_shared<data::SequentialSampler>(samples);
}

}  // namespace smtrain::app
