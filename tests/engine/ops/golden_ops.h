// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/engine/tensor.h"
#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/shared_data.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace smtrain::test {

/// PyTorch's inputs, results and gradients of one family of operators:
/// tests/goldens/ops/<family>.npz with the parameters of its cases in index.json.
class GoldenOps {
 public:
  explicit GoldenOps(const std::string& family)
      : arrays_(read_npz(golden("ops/" + family + ".npz"))),
        cases_(nlohmann::json::parse(std::ifstream(golden("ops/index.json")))[family]) {}

  const nlohmann::json& cases() const { return cases_; }

  bool has(const nlohmann::json& golden, const std::string& name) const {
    return arrays_.contains(path(golden, name));
  }

  /// An array of a case, for instance "x" or "gw", on the current device; undefined when the case
  /// has none of that name.
  Tensor tensor(const nlohmann::json& golden, const std::string& name, DType dtype) const {
    if (!has(golden, name)) return {};
    const Array& array = arrays_.at(path(golden, name));
    return to(from_host(array.bytes.data(), array.shape, array.dtype), dtype);
  }

 private:
  static std::string path(const nlohmann::json& golden, const std::string& name) {
    return golden["id"].get<std::string>() + "/" + name;
  }

  std::map<std::string, Array> arrays_;
  nlohmann::json cases_;
};

/// How far a result may be from PyTorch's float64, which is stored as float32: rounded at 6e-8.
inline double golden_tolerance(DType dtype) {
  return dtype == DType::f64 ? 6e-8 : tolerance(dtype);
}

}  // namespace smtrain::test
