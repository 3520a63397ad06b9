// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/protobuf.h"
#include "smtrain/engine/size2d.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::nn {

/// A NodeProto's attributes.
class OnnxAttributes {
 public:
  OnnxAttributes& integer(std::string_view name, int64_t value);
  OnnxAttributes& real(std::string_view name, double value);
  OnnxAttributes& integers(std::string_view name, const std::vector<int64_t>& values);
  OnnxAttributes& sizes(std::string_view name, Size2d size) {
    return integers(name, {size.height, size.width});
  }

  const std::vector<ProtobufWriter>& all() const { return attributes_; }

 private:
  std::vector<ProtobufWriter> attributes_;
};

/// A GraphProto to be written. Values have names: of inputs, initializers and nodes' results.
class OnnxGraphWriter {
 public:
  using Names = std::vector<std::string>;

  /// An input or an output: a batch, of a size left open, of tensors of that shape.
  void add_input(const std::string& name, DType dtype, const Shape& each);
  void add_output(const std::string& name, DType dtype, const Shape& each);

  /// An operation whose one result has its name. The name is returned.
  std::string add_node(std::string_view operation, const std::string& name, const Names& inputs,
                       const OnnxAttributes& attributes = {}) {
    return add_node(operation, name, inputs, name, attributes);
  }

  /// The same with another name for the result.
  std::string add_node(std::string_view operation, const std::string& name, const Names& inputs,
                       const std::string& output, const OnnxAttributes& attributes = {});

  /// The values of a tensor in that dtype, converted when they are written.
  void add_initializer(const std::string& name, const Tensor& tensor, DType dtype);

  /// A name that no value has: this, or with a number behind it. It is taken from then on.
  std::string unique(const std::string& name);

  /// Whether a value has that name.
  bool has(const std::string& name) const { return names_.contains(name); }

  const ProtobufWriter& message() const { return graph_; }

 private:
  ProtobufWriter graph_;
  std::set<std::string> names_;
};

}  // namespace smtrain::nn
