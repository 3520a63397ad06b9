// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smtrain::data {

/// Samples of another dataset, in an order of its own. All its classes stay, also those that no
/// selected sample is of.
class SelectedSamples : public Dataset {
 public:
  SelectedSamples(std::shared_ptr<const Dataset> dataset, std::vector<int64_t> selected)
      : dataset_(std::move(dataset)), selected_(std::move(selected)) {}

  int64_t size() const override { return static_cast<int64_t>(selected_.size()); }
  Sample get(int64_t index) const override { return dataset_->get(original(index)); }
  std::optional<ImageView> view(int64_t index) const override {
    return dataset_->view(original(index));
  }
  int64_t target(int64_t index) const override { return dataset_->target(original(index)); }
  std::string source(int64_t index) const override { return dataset_->source(original(index)); }
  std::string decoding() const override { return dataset_->decoding(); }
  const std::vector<std::string>& classes() const override { return dataset_->classes(); }

 private:
  int64_t original(int64_t index) const;

  std::shared_ptr<const Dataset> dataset_;
  std::vector<int64_t> selected_;
};

/// At most `limit` samples, evenly spaced over the dataset, so that one that is sorted by class
/// keeps its classes in proportion. Throws std::invalid_argument unless limit is at least 1.
std::shared_ptr<const Dataset> at_most(std::shared_ptr<const Dataset> dataset, int64_t limit);

/// Of each class of n samples the first ceil(fraction * n), at least one, in the order of the
/// dataset. Throws
/// std::invalid_argument unless 0 < fraction <= 1.
std::shared_ptr<const Dataset> first_of_each_class(std::shared_ptr<const Dataset> dataset,
                                                   double fraction);

}  // namespace smtrain::data
