// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/job/first_pictures.h"

#include "smtrain/apps/report/batch_pictures.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace smtrain::app {
namespace {

data::Epoch first_epoch(Job& job, Split split) {
  Generator& generator = Context::current().generator();
  const std::vector<uint8_t> state = generator.state();
  data::Epoch epoch = job.train_loader.start_epoch();
  if (split == Split::validation) epoch = job.validation_loader->start_epoch();
  generator.set_state(state);
  return epoch;
}

}  // namespace

std::vector<LabelledPicture> first_pictures(Job& job, Split split, int64_t count) {
  check(split == Split::train || job.validation_loader, "data.validation: names no data");
  data::Epoch epoch = first_epoch(job, split);
  epoch.order.resize(std::min(epoch.order.size(), static_cast<size_t>(count)));
  data::DataLoader& loader = split == Split::train ? job.train_loader : *job.validation_loader;
  std::vector<LabelledPicture> pictures;
  for (const data::Batch& batch : loader.batches(std::move(epoch))) {
    const std::vector<int64_t> targets = batch.targets.to_vector<int64_t>();
    std::vector<data::Image> images = pictures_of(batch.images, batch.size());
    for (size_t i = 0; i < images.size(); ++i)
      pictures.push_back({std::move(images[i]), targets[i]});
  }
  return pictures;
}

}  // namespace smtrain::app
