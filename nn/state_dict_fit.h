// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/state_dict.h"

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// Where a given state dict differs from the one that a model expects.
struct StateDictFit {
  /// A tensor that the model has and the given state dict lacks.
  struct Missing {
    std::string name;
    Shape shape;
    std::string nearest;  // an unexpected name that may be meant; empty when none resembles it
  };
  /// A tensor that the model lacks.
  struct Unexpected {
    std::string name;
    Shape shape;
  };
  /// A name with two shapes.
  struct Mismatch {
    std::string name;
    Shape expected;
    Shape given;
  };

  std::vector<Missing> missing;        // in the model's order
  std::vector<Unexpected> unexpected;  // in the given order
  std::vector<Mismatch> mismatched;    // in the model's order

  bool fits() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};

/// Compares names and shapes; dtypes and devices may differ. The nearest name of a missing tensor
/// is the unexpected one of the same shape that shares the longest ending with it, at least its
/// last part ("weight"): renamed models differ in their prefixes.
StateDictFit compare(const StateDict& expected, const StateDict& given);

/// A table with a row for each difference, the first ten of each kind.
std::ostream& operator<<(std::ostream& out, const StateDictFit& fit);

/// Throws std::invalid_argument with the table unless `given` fits; `source` says where it came
/// from, usually a path.
void check_fit(const StateDict& expected, const StateDict& given, std::string_view source);

}  // namespace smtrain::nn
