// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/data_facts.h"

namespace smtrain::app {

DataFacts facts_of(const data::Dataset& dataset, int64_t steps_per_epoch) {
  DataFacts facts{.steps_per_epoch = steps_per_epoch,
                  .samples = std::vector<int64_t>(dataset.classes().size()),
                  .classes = dataset.classes()};
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const auto target = static_cast<size_t>(dataset.target(i));
    if (target < facts.samples.size()) ++facts.samples[target];
  }
  return facts;
}

}  // namespace smtrain::app
