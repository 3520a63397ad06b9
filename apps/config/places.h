// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtrain::app {

/// What a key was given somewhere, as it is written there.
struct Given {
  std::string place;
  std::string text;

  bool operator==(const Given&) const = default;
};

/// Whether places in a text have its line and column: "cats.yaml:14:3".
enum class Marks { shown, left_out };

/// Where each key of a recipe was set: "train.optimizer.lr" at "cats.yaml:14:3".
class Places {
 public:
  /// `source` is the place of what was set nowhere.
  explicit Places(std::string source) { places_[""] = std::move(source); }

  void set(const std::string& path, const std::string& place) { places_[path] = place; }
  bool has(const std::string& path) const { return places_.contains(path); }

  /// Adds to what `path` was given; saying the last thing again adds nothing.
  void give(const std::string& path, Given given) {
    auto& all = given_[path];
    if (all.empty() || all.back() != given) all.push_back(std::move(given));
  }

  /// Everything that `path` was given, in order: the last counts. Empty when it has its default.
  const std::vector<Given>& given(const std::string& path) const {
    static const std::vector<Given> kNothing;
    const auto found = given_.find(path);
    return found == given_.end() ? kNothing : found->second;
  }

  /// Forgets the places below `path`: "model.layers" forgets "model.layers[2].relu".
  void forget_below(const std::string& path) { erase_below(places_, path); }

  /// Forgets what keys below `path` were given.
  void forget_given_below(const std::string& path) { erase_below(given_, path); }

  /// The place of `path`, or of the nearest thing around it that has one.
  const std::string& of(std::string_view path) const {
    while (true) {
      if (const auto found = places_.find(std::string(path)); found != places_.end()) {
        return found->second;
      }
      const size_t last = path.find_last_of(".[");
      path = last == path.npos ? "" : path.substr(0, last);
    }
  }

 private:
  static void erase_below(auto& map, const std::string& path) {
    for (auto i = map.upper_bound(path); i != map.end() && i->first.starts_with(path);) {
      const char next = i->first[path.size()];
      i = next == '.' || next == '[' ? map.erase(i) : std::next(i);
    }
  }

  std::map<std::string, std::string> places_;
  std::map<std::string, std::vector<Given>> given_;
};

}  // namespace smtrain::app
