// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/protobuf.h"
#include "smtrain/tests/memory_writer.h"

#include <string>
#include <string_view>
#include <vector>

/// ONNX files made by hand, of whatever one wants.
namespace smtrain::test {

inline std::string written(const ProtobufWriter& message) {
  MemoryWriter out;
  message.write(out);
  return out.text();
}

/// A file with that GraphProto.
inline std::string onnx_file(const ProtobufWriter& graph) {
  return written(ProtobufWriter().integer(1, 8).text(8, "\x10\x11").message(7, graph));
}

/// A TensorProto; `data` is field 9, raw_data, unless another is named.
inline ProtobufWriter onnx_tensor(std::string_view name, const std::vector<int64_t>& dims,
                                  int64_t data_type, std::string_view data, uint64_t field = 9) {
  ProtobufWriter tensor;
  for (const int64_t size : dims) tensor.integer(1, size);
  return tensor.integer(2, data_type).text(field, data).text(8, name);
}

/// A NodeProto; no output for an empty name.
inline ProtobufWriter onnx_node(std::string_view operation, const std::vector<std::string>& inputs,
                                std::string_view output) {
  ProtobufWriter node;
  for (const std::string& input : inputs) node.text(1, input);
  if (!output.empty()) node.text(2, output);
  return node.text(4, operation);
}

}  // namespace smtrain::test
