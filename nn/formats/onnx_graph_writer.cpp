// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx_graph_writer.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/onnx_model.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <utility>

namespace smtrain::nn {
namespace {

// AttributeProto::AttributeType
enum AttributeType : int64_t { kFloat = 1, kInt = 2, kInts = 7 };

/// A message with one field.
ProtobufWriter holding(uint64_t field, ProtobufWriter value) {
  ProtobufWriter message;
  message.message(field, std::move(value));
  return message;
}

ProtobufWriter value_info(const std::string& name, DType dtype, const Shape& each) {
  ProtobufWriter shape, tensor, info;
  shape.message(1, ProtobufWriter().text(2, "batch"));
  for (const int64_t size : each) shape.message(1, ProtobufWriter().integer(1, size));
  tensor.integer(1, static_cast<int64_t>(onnx_data_type(dtype))).message(2, std::move(shape));
  info.text(1, name).message(2, holding(1, std::move(tensor)));
  return info;
}

}  // namespace

OnnxAttributes& OnnxAttributes::integer(std::string_view name, int64_t value) {
  attributes_.push_back(ProtobufWriter().text(1, name).integer(3, value).integer(20, kInt));
  return *this;
}

OnnxAttributes& OnnxAttributes::real(std::string_view name, double value) {
  attributes_.push_back(
      ProtobufWriter().text(1, name).real(2, static_cast<float>(value)).integer(20, kFloat));
  return *this;
}

OnnxAttributes& OnnxAttributes::integers(std::string_view name,
                                         const std::vector<int64_t>& values) {
  ProtobufWriter attribute;
  attribute.text(1, name);
  for (const int64_t value : values) attribute.integer(8, value);
  attributes_.push_back(std::move(attribute.integer(20, kInts)));
  return *this;
}

void OnnxGraphWriter::add_input(const std::string& name, DType dtype, const Shape& each) {
  names_.insert(name);
  graph_.message(11, value_info(name, dtype, each));
}

void OnnxGraphWriter::add_output(const std::string& name, DType dtype, const Shape& each) {
  graph_.message(12, value_info(name, dtype, each));
}

std::string OnnxGraphWriter::add_node(std::string_view operation, const std::string& name,
                                      const Names& inputs, const std::string& output,
                                      const OnnxAttributes& attributes) {
  names_.insert(output);
  ProtobufWriter node;
  for (const std::string& input : inputs) node.text(1, input);
  node.text(2, output).text(3, name).text(4, operation);
  for (const ProtobufWriter& attribute : attributes.all()) node.message(5, attribute);
  graph_.message(1, std::move(node));
  return output;
}

void OnnxGraphWriter::add_initializer(const std::string& name, const Tensor& tensor, DType dtype) {
  names_.insert(name);
  ProtobufWriter initializer;
  for (const int64_t size : tensor.shape()) initializer.integer(1, size);
  initializer.integer(2, static_cast<int64_t>(onnx_data_type(dtype))).text(8, name);
  initializer.later(
      9, static_cast<uint64_t>(tensor.numel()) * size_of(dtype),
      [tensor, dtype](FileWriter& out) { out.write(memory_of(to_host_row_major(tensor, dtype))); });
  graph_.message(5, std::move(initializer));
}

std::string OnnxGraphWriter::unique(const std::string& name) {
  std::string result = name;
  for (int i = 2; !names_.insert(result).second; ++i) result = concat_text(name, "_", i);
  return result;
}

}  // namespace smtrain::nn
