// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/shape.h"
#include "smtrain/kernels/dtype.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// What a safetensors header says about one tensor. Offsets are relative to the header's end.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// All that a safetensors header says.
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

/// Parses the JSON text of a header in one pass, keeping nothing but the result, so that memory
/// stays in proportion to it. Throws BadInput, opening with `name`, for anything but the
/// members that the format has, for duplicates and for dtypes that the engine lacks.
SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& name);

}  // namespace smtrain::nn
