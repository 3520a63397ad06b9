// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/selected_samples.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace smtrain::data {

int64_t SelectedSamples::original(int64_t index) const {
  check(index >= 0 && index < size(), "selected samples: index ", index, " is out of range for ",
        size(), " samples");
  return selected_[static_cast<size_t>(index)];
}

std::shared_ptr<const Dataset> at_most(std::shared_ptr<const Dataset> dataset, int64_t limit) {
  check(limit >= 1, "at_most: expected a limit of at least 1, got ", limit);
  const int64_t size = dataset->size();
  if (size <= limit) return dataset;
  std::vector<int64_t> selected;
  for (int64_t i = 0; i < limit; ++i) selected.push_back(i * size / limit);
  return std::make_shared<SelectedSamples>(std::move(dataset), std::move(selected));
}

std::shared_ptr<const Dataset> first_of_each_class(std::shared_ptr<const Dataset> dataset,
                                                   double fraction) {
  check(fraction > 0 && fraction <= 1, "first_of_each_class: expected a fraction above 0 and at ",
        "most 1, got ", fraction);
  if (fraction == 1) return dataset;
  std::vector<int64_t> left(dataset->classes().size());  // of each class, to be taken
  for (int64_t i = 0; i < dataset->size(); ++i) ++left[static_cast<size_t>(dataset->target(i))];
  for (int64_t& count : left) {
    const double share = fraction * static_cast<double>(count);
    count = std::max(static_cast<int64_t>(std::ceil(share - 1e-9)),  // 0.55 * 100 is above 55
                     std::min<int64_t>(count, 1));
  }
  std::vector<int64_t> selected;
  for (int64_t i = 0; i < dataset->size(); ++i) {
    if (left[static_cast<size_t>(dataset->target(i))]-- > 0) selected.push_back(i);
  }
  return std::make_shared<SelectedSamples>(std::move(dataset), std::move(selected));
}

}  // namespace smtrain::data
