// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace smtrain::app {

/// Where each key of a recipe was set: "train.optimizer.lr" at "cats.yaml:14:3".
class Places {
 public:
  /// `source` is the place of what was set nowhere.
  explicit Places(std::string source) { places_[""] = std::move(source); }

  void set(const std::string& path, const std::string& place) { places_[path] = place; }
  bool has(const std::string& path) const { return places_.contains(path); }

  /// Forgets everything below `path`: "model.layers" forgets "model.layers[2].relu".
  void forget_below(const std::string& path) {
    for (auto i = places_.upper_bound(path); i != places_.end() && i->first.starts_with(path);) {
      const char next = i->first[path.size()];
      i = next == '.' || next == '[' ? places_.erase(i) : std::next(i);
    }
  }

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
  std::map<std::string, std::string> places_;
};

}  // namespace smtrain::app
