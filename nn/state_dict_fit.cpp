// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/state_dict_fit.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <ostream>

namespace smtrain::nn {
namespace {

constexpr size_t kRowsOfEachKind = 10;

size_t common_ending(std::string_view a, std::string_view b) {
  const auto differ = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<size_t>(differ.first - a.rbegin());
}

std::string nearest_to(const StateDictFit::Missing& missing,
                       const std::vector<StateDictFit::Unexpected>& unexpected) {
  const size_t last_part = missing.name.size() - (missing.name.rfind('.') + 1);  // npos + 1 is 0
  std::string nearest;
  size_t longest = std::max<size_t>(last_part, 1) - 1;
  for (const auto& candidate : unexpected) {
    if (candidate.shape != missing.shape) continue;
    const size_t common = common_ending(missing.name, candidate.name);
    if (common > longest) {
      nearest = candidate.name;
      longest = common;
    }
  }
  return nearest;
}

using Row = std::array<std::string, 4>;

/// Appends a row for each of the first differences of one kind, and a last one counting the rest.
template <typename Difference, typename MakeRow>
void add_rows(std::vector<Row>& rows, const std::vector<Difference>& differences, MakeRow row) {
  const size_t shown = std::min(differences.size(), kRowsOfEachKind);
  for (size_t i = 0; i < shown; ++i) rows.push_back(row(differences[i]));
  if (shown < differences.size()) {
    rows.push_back({"", concat_text("... and ", differences.size() - shown, " more"), "", ""});
  }
}

}  // namespace

StateDictFit compare(const StateDict& expected, const StateDict& given) {
  StateDictFit fit;
  for (const auto& [name, tensor] : given) {
    if (expected.find(name) == nullptr) fit.unexpected.push_back({name, tensor.shape()});
  }
  for (const auto& [name, tensor] : expected) {
    const Tensor* found = given.find(name);
    if (found == nullptr) {
      fit.missing.push_back({name, tensor.shape(), ""});
    } else if (found->shape() != tensor.shape()) {
      fit.mismatched.push_back({name, tensor.shape(), found->shape()});
    }
  }
  for (auto& missing : fit.missing) missing.nearest = nearest_to(missing, fit.unexpected);
  return fit;
}

std::ostream& operator<<(std::ostream& out, const StateDictFit& fit) {
  std::vector<Row> rows = {{"", "name", "expected", "given"}};
  add_rows(rows, fit.missing, [](const auto& missing) -> Row {
    return {"missing", missing.name, concat_text(missing.shape),
            missing.nearest.empty() ? "-" : "- (nearest: " + missing.nearest + ")"};
  });
  add_rows(rows, fit.unexpected, [](const auto& unexpected) -> Row {
    return {"unexpected", unexpected.name, "-", concat_text(unexpected.shape)};
  });
  add_rows(rows, fit.mismatched, [](const auto& mismatch) -> Row {
    return {"shape", mismatch.name, concat_text(mismatch.expected), concat_text(mismatch.given)};
  });

  std::array<size_t, 3> widths = {};  // the last column is not padded
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    out << "\n  ";
    for (size_t i = 0; i < widths.size(); ++i) {
      out << std::left << std::setw(static_cast<int>(widths[i] + 2)) << row[i];
    }
    out << row.back();
  }
  return out;
}

void check_fit(const StateDict& expected, const StateDict& given, std::string_view source) {
  const StateDictFit fit = compare(expected, given);
  check(fit.fits(), "load_state_dict: ", source, " does not fit the model: ", fit.missing.size(),
        " missing, ", fit.unexpected.size(), " unexpected, ", fit.mismatched.size(),
        " of another shape", fit);
}

}  // namespace smtrain::nn
