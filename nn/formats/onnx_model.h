// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What an ONNX file says, as far as weights need it. Texts and bytes are the file's own.
namespace smtrain::nn {

/// Numbers of onnx.proto's enumerations.
enum class OnnxDataType : int64_t {
  f32 = 1,
  u8 = 2,
  i32 = 6,
  i64 = 7,
  boolean = 9,
  f16 = 10,
  f64 = 11,
  bf16 = 16,
};
OnnxDataType onnx_data_type(DType dtype);

/// A TensorProto, checked: as many bytes as its shape and dtype say.
struct OnnxTensor {
  std::string_view name;
  DType dtype = DType::f32;
  Shape shape;
  std::span<const uint8_t> raw;  // row-major, little-endian; or else
  std::vector<uint8_t> typed;    // the same, from one of the fields for a single type

  std::span<const uint8_t> data() const { return typed.empty() ? raw : typed; }

  /// A copy on the CPU.
  Tensor tensor() const;
};

/// An AttributeProto: one of its values is meant.
struct OnnxAttribute {
  std::string_view name;
  int64_t integer = 0;
  float real = 0;
  std::vector<int64_t> integers;
  std::span<const uint8_t> tensor;  // a TensorProto
};

/// A NodeProto, whose attributes are parsed when they are asked for.
struct OnnxNode {
  std::string_view name;
  std::string_view operation;  // "Conv"
  std::vector<std::string_view> inputs, outputs;
  std::vector<std::span<const uint8_t>> attributes;  // AttributeProtos

  /// What a message calls it: "Conv 'layer1.0.conv1'".
  std::string describe() const;
};

/// A ModelProto and its GraphProto.
struct OnnxModel {
  std::string file;  // what messages call it
  std::map<std::string, std::string> metadata;
  std::vector<OnnxTensor> initializers;
  std::vector<OnnxNode> nodes;
  std::vector<std::string_view> inputs;  // initializers may be among them
};

/// Checks what it reads as read_onnx() says; `bytes` must outlive the result.
OnnxModel parse_onnx(std::span<const uint8_t> bytes, const std::string& file);

/// A TensorProto that messages call `where`.
OnnxTensor parse_onnx_tensor(std::span<const uint8_t> bytes, const std::string& where);

/// A node's attribute, or nothing.
std::optional<OnnxAttribute> find_attribute(const OnnxModel& model, const OnnxNode& node,
                                            std::string_view name);

}  // namespace smtrain::nn
