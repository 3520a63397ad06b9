// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::app {

/// How often each class was taken for each: counts[target * classes + predicted].
struct ConfusionMatrix {
  explicit ConfusionMatrix(std::vector<std::string> class_names);

  /// Counts one sample. Throws std::invalid_argument for a class that there is not.
  void add(int64_t target, int64_t predicted);

  int64_t at(int64_t target, int64_t predicted) const;
  int64_t samples_of(int64_t target) const;
  int64_t size() const { return static_cast<int64_t>(classes.size()); }

  std::vector<std::string> classes;
  std::vector<int64_t> counts;
};

/// A row for each target, a column for each prediction; the darker a field, the larger its part of
/// its row. Many classes make small fields without names and numbers.
data::Image draw(const ConfusionMatrix& matrix);

}  // namespace smtrain::app
