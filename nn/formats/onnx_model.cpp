// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx_model.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/protobuf.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

namespace smtrain::nn {
namespace {

/// Of operations, of initializers and of metadata: two bytes of a file can be one of them, which
/// takes a hundred here.
constexpr size_t kMaxCount = 100'000;

constexpr std::array<std::pair<DType, OnnxDataType>, 8> kDataTypes = {{
    {DType::f32, OnnxDataType::f32},
    {DType::f64, OnnxDataType::f64},
    {DType::bf16, OnnxDataType::bf16},
    {DType::f16, OnnxDataType::f16},
    {DType::i64, OnnxDataType::i64},
    {DType::i32, OnnxDataType::i32},
    {DType::u8, OnnxDataType::u8},
    {DType::boolean, OnnxDataType::boolean},
}};

// By their numbers, as onnx.proto calls them.
constexpr const char* kDataTypeNames[] = {
    "UNDEFINED",      "FLOAT",      "UINT8",          "INT8",       "UINT16",   "INT16",
    "INT32",          "INT64",      "STRING",         "BOOL",       "FLOAT16",  "DOUBLE",
    "UINT32",         "UINT64",     "COMPLEX64",      "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",      "INT4",     "FLOAT4E2M1"};

DType dtype_numbered(int64_t number, const std::string& where) {
  for (const auto& [dtype, data_type] : kDataTypes)
    if (static_cast<int64_t>(data_type) == number) return dtype;
  const bool named = number >= 0 && number < std::ssize(kDataTypeNames);
  bad_input(where, " has the data type ", number, named ? " (" : "",
            named ? kDataTypeNames[number] : "", named ? ")" : "",
            ", expected FLOAT, DOUBLE, BFLOAT16, FLOAT16, INT64, INT32, UINT8 or BOOL");
}

void append_little(int64_t value, size_t count, std::vector<uint8_t>& bytes) {
  for (size_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i)));
}

/// Whether int32_data or int64_data may hold it as an element: f16 and bf16 come as their bits.
bool is_element(int64_t value, DType dtype) {
  switch (dtype) {
    case DType::i64: return true;
    case DType::i32: return std::in_range<int32_t>(value);
    case DType::u8: return std::in_range<uint8_t>(value);
    case DType::boolean: return value == 0 || value == 1;
    case DType::f16:
    case DType::bf16: return std::in_range<uint16_t>(value);
    case DType::f32:
    case DType::f64: break;
  }
  return false;
}

void check_data(const OnnxTensor& tensor, const std::string& where) {
  const auto bytes = size_bytes_of(tensor.shape, size_of(tensor.dtype));
  if (!bytes) bad_input(where, " of shape ", tensor.shape, " fits no memory");
  if (!tensor.raw.empty() && !tensor.typed.empty()) bad_input(where, " has its data twice");
  if (static_cast<uint64_t>(*bytes) != tensor.data().size()) {
    bad_input(where, " of shape ", tensor.shape, " and dtype ", name_of(tensor.dtype), " needs ",
              *bytes, " bytes, it has ", tensor.data().size());
  }
  check_values(tensor.data(), tensor.dtype, where);
}

/// The fields of a TensorProto that say what the others are.
struct TensorHead {
  std::string_view name;
  int64_t data_type = 0;
  bool is_external = false;
};

TensorHead parse_tensor_head(std::span<const uint8_t> bytes, const std::string& where) {
  TensorHead head;
  ProtobufReader in(bytes, where);
  while (in.next()) {
    switch (in.number()) {
      case 2: head.data_type = in.integer("data_type"); break;
      case 3: bad_input(where, " is a segment of a tensor, which is not supported");
      case 8: head.name = in.text("name"); break;
      case 13: head.is_external = true; break;
      case 14: head.is_external |= in.integer("data_location") != 0; break;
    }
  }
  return head;
}

void append_bytes(std::span<const uint8_t> bytes, std::vector<uint8_t>& to) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

OnnxNode parse_node(std::span<const uint8_t> bytes, const std::string& where) {
  OnnxNode node;
  ProtobufReader in(bytes, where);
  while (in.next()) {
    switch (in.number()) {
      case 1: node.inputs.push_back(in.text("input")); break;
      case 2: node.outputs.push_back(in.text("output")); break;
      case 3: node.name = in.text("name"); break;
      case 4: node.operation = in.text("op_type"); break;
      case 5: node.attributes.push_back(in.bytes("attribute")); break;
    }
  }
  return node;
}

/// The name of a ValueInfoProto.
std::string_view parse_value_name(std::span<const uint8_t> bytes, const std::string& where) {
  std::string_view name;
  for (ProtobufReader in(bytes, where); in.next();)
    if (in.number() == 1) name = in.text("name");
  return name;
}

void parse_graph(std::span<const uint8_t> bytes, OnnxModel& model) {
  std::set<std::string_view> names;
  ProtobufReader in(bytes, model.file + ": graph");
  const auto numbered = [&](const char* what, size_t index) {
    if (index >= kMaxCount) bad_input(model.file, ": more than ", kMaxCount, " ", what, "s");
    return concat_text(model.file, ": ", what, " ", index);
  };
  while (in.next()) {
    switch (in.number()) {
      case 1: {
        const std::string where = numbered("node", model.nodes.size());
        model.nodes.push_back(parse_node(in.bytes("node"), where));
        break;
      }
      case 5: {
        const std::string where = numbered("initializer", model.initializers.size());
        model.initializers.push_back(parse_onnx_tensor(in.bytes("initializer"), where));
        const std::string_view name = model.initializers.back().name;
        if (!names.insert(name).second)
          bad_input(model.file, ": initializer '", name, "' appears twice");
        break;
      }
      case 11:
        model.inputs.push_back(parse_value_name(in.bytes("input"), model.file + ": input"));
        break;
      case 15: bad_input(model.file, ": sparse initializers are not supported");
    }
  }
}

void parse_metadata(std::span<const uint8_t> bytes, OnnxModel& model) {
  std::string_view key, value;
  ProtobufReader in(bytes, model.file + ": metadata_props");
  while (in.next()) {
    if (in.number() == 1) key = in.text("key");
    if (in.number() == 2) value = in.text("value");
  }
  if (model.metadata.size() == kMaxCount)
    bad_input(in.name(), ": more than ", kMaxCount, " entries");
  if (!model.metadata.emplace(key, value).second) bad_input(in.name(), " has '", key, "' twice");
}

}  // namespace

OnnxDataType onnx_data_type(DType dtype) {
  return std::find_if(kDataTypes.begin(), kDataTypes.end(),
                      [&](const auto& entry) { return entry.first == dtype; })
      ->second;
}

Tensor OnnxTensor::tensor() const {
  const Tensor result = empty(shape, {.dtype = dtype}, Device::cpu());
  std::copy(data().begin(), data().end(), memory_of(result).begin());
  return result;
}

std::string OnnxNode::describe() const {
  const std::string_view called = name.empty() && !outputs.empty() ? outputs.front() : name;
  return concat_text(operation, " '", called, "'");
}

OnnxTensor parse_onnx_tensor(std::span<const uint8_t> bytes, const std::string& where) {
  const TensorHead head = parse_tensor_head(bytes, where);
  const std::string called = concat_text(where, " ('", head.name, "')");
  if (head.is_external) {
    bad_input(called,
              " has its data in another file, which is not supported: export the model"
              " with all of it in one");
  }
  OnnxTensor tensor;
  tensor.name = head.name;
  tensor.dtype = dtype_numbered(head.data_type, called);
  const auto add_dimension = [&](int64_t size) {
    if (tensor.shape.ndim() == kMaxDims)
      bad_input(called, " has more than ", kMaxDims, " dimensions");
    tensor.shape.push_back(size);
  };
  const auto add_element = [&](int64_t value) {
    if (!is_element(value, tensor.dtype))
      bad_input(called, " holds the integer ", value, ", which is no ", name_of(tensor.dtype));
    append_little(value, size_of(tensor.dtype), tensor.typed);
  };
  ProtobufReader in(bytes, called);
  while (in.next()) {
    switch (in.number()) {
      case 1: in.for_each_integer("dims", add_dimension); break;
      case 4: append_bytes(in.bytes("float_data"), tensor.typed); break;
      case 5: in.for_each_integer("int32_data", add_element); break;
      case 7: in.for_each_integer("int64_data", add_element); break;
      case 9: tensor.raw = in.bytes("raw_data"); break;
      case 10: append_bytes(in.bytes("double_data"), tensor.typed); break;
    }
  }
  check_data(tensor, called);
  return tensor;
}

std::optional<OnnxAttribute> find_attribute(const OnnxModel& model, const OnnxNode& node,
                                            std::string_view name) {
  for (const auto bytes : node.attributes) {
    OnnxAttribute attribute;
    ProtobufReader in(bytes, model.file + ": attribute of " + node.describe());
    while (in.next()) {
      switch (in.number()) {
        case 1: attribute.name = in.text("name"); break;
        case 2: attribute.real = in.real("f"); break;
        case 3: attribute.integer = in.integer("i"); break;
        case 5: attribute.tensor = in.bytes("t"); break;
        case 8:
          in.for_each_integer("ints", [&](int64_t value) { attribute.integers.push_back(value); });
          break;
      }
    }
    if (attribute.name == name) return attribute;
  }
  return std::nullopt;
}

OnnxModel parse_onnx(std::span<const uint8_t> bytes, const std::string& file) {
  OnnxModel model;
  model.file = file;
  std::optional<std::span<const uint8_t>> graph;
  bool has_version = false, has_opset = false;
  ProtobufReader in(bytes, file);
  while (in.next()) {
    switch (in.number()) {
      case 1: has_version = in.integer("ir_version") > 0; break;
      case 7:
        if (graph) bad_input(file, ": has more than one graph");
        graph = in.bytes("graph");
        break;
      case 8: has_opset = !in.bytes("opset_import").empty(); break;
      case 14: parse_metadata(in.bytes("metadata_props"), model); break;
    }
  }
  if (!has_version || !has_opset || !graph)
    bad_input(file, ": not an ONNX model (it lacks ir_version, opset_import or graph)");
  parse_graph(*graph, model);
  return model;
}

}  // namespace smtrain::nn
