// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/nearest_name.h"

#include <algorithm>

namespace smtrain::app {
namespace {

constexpr size_t kMaxNameBytes = 64;  // the distance takes quadratic time

bool same_letter(char a, char b) {
  return a == b || (a == '-' && b == '_') || (a == '_' && b == '-');
}

/// Optimal string alignment distance, by rows of its table.
size_t typing_errors(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t other = last[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.size() > kMaxNameBytes) return "";
  std::string_view nearest;
  size_t fewest = std::max<size_t>(1, name.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    const size_t errors = typing_errors(name, candidate);
    if (errors >= fewest) continue;
    fewest = errors;
    nearest = candidate;
  }
  return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

}  // namespace smtrain::app
