// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace smtrain::nn {

/// Another node's result. MXNet counts how often it was written: 1 of the statistics that a batch
/// norm changes, else 0.
struct MxnetInput {
  size_t node;
  int version = 0;
};

/// An operator, or with "null" for one a variable.
struct MxnetNode {
  std::string op, name;
  std::map<std::string, std::string> attributes;
  std::vector<MxnetInput> inputs;
};

/// A symbol file, to the letter as MXNet 1.2 lays it out. Names and attributes have no letters that
/// JSON would escape.
std::string mxnet_json(const std::vector<MxnetNode>& nodes, size_t head);

}  // namespace smtrain::nn
