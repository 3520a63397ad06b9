// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// A model's tensors by their dotted names ("layer1.0.conv1.weight"), in the model's order, and
/// text about the model that file formats carry along without reading it.
class StateDict {
 public:
  /// A tensor and its dotted name.
  struct Entry {
    std::string name;
    Tensor tensor;
  };

  /// Appends. Throws std::invalid_argument when the name is taken.
  void add(std::string name, Tensor tensor);

  /// The tensor of that name, or null.
  const Tensor* find(std::string_view name) const;

  /// The tensor of that name. Throws std::invalid_argument when there is none.
  const Tensor& at(std::string_view name) const;

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  std::map<std::string, std::string>& metadata() { return metadata_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// What torch.nn.DataParallel puts before every name.
inline constexpr std::string_view kModulePrefix = "module.";

/// The same tensors and metadata without "module." before their names, when all names have it;
/// otherwise the state dict as it is.
StateDict strip_module_prefix(const StateDict& state_dict);

/// The same tensors and metadata with "module." before every name.
StateDict add_module_prefix(const StateDict& state_dict);

}  // namespace smtrain::nn
