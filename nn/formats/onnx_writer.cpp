// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/protobuf.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/formats/onnx_graph_writer.h"
#include "smtrain/nn/formats/onnx_model.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace smtrain::nn {
namespace {

constexpr int64_t kIrVersion = 8, kOpset = 17;
constexpr uint64_t kMaxFileBytes = std::numeric_limits<int32_t>::max();  // of a protocol buffer
const std::string kInput = "input", kOutput = "output";

void check_utf8(const std::string& text) {
  try {
    nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    mistake("write_onnx: names and metadata must be UTF-8");
  }
}

OnnxAttributes to_f32() {
  return OnnxAttributes().integer("to", static_cast<int64_t>(OnnxDataType::f32));
}

/// Says in ONNX what a graph's nodes do.
class GraphBuilder {
 public:
  GraphBuilder(const Graph& graph, const WriteOnnxOptions& options)
      : nodes_(graph.nodes()), options_(options) {}

  /// The GraphProto.
  ProtobufWriter build() {
    out_.unique(kOutput);
    value_of_.push_back(add_images());
    for (size_t i = 1; i < nodes_.size(); ++i) {
      node_ = &nodes_[i];
      check_utf8(node_->name);
      value_of_.push_back(std::visit([&](const auto& o) { return add(o); }, node_->operation));
    }
    if (value_of_.back() != kOutput)  // nothing was added for the last node, or for none
      out_.add_node("Identity", out_.unique("identity"), {value_of_.back()}, kOutput);
    out_.add_output(kOutput, DType::f32, nodes_.back().output);
    return std::move(ProtobufWriter(out_.message()).text(2, "smtrain"));
  }

 private:
  using Names = OnnxGraphWriter::Names;

  [[noreturn]] void refuse(const std::string& what) const {
    mistake("write_onnx: ", graph::name_of(node_->operation), " '", node_->name, "' ", what);
  }

  /// The operation of the current node, on the results of its inputs and then on `weights`.
  std::string add_operation(std::string_view operation, const Names& weights = {},
                            const OnnxAttributes& attributes = {}) {
    Names inputs;
    for (const size_t input : node_->inputs) inputs.push_back(value_of_[input]);
    inputs.insert(inputs.end(), weights.begin(), weights.end());
    const std::string name =
        out_.unique(node_->name.empty() ? graph::name_of(node_->operation) : node_->name);
    return out_.add_node(operation, name, inputs, node_ == &nodes_.back() ? kOutput : name,
                         attributes);
  }

  /// The current node's weight of that name, in f32 whatever the file has it in.
  std::string add_weight(const char* name, const Tensor& tensor, DType dtype = DType::f32) {
    const std::string full = dotted(node_->name, name);
    const std::string value = dtype == DType::f32 ? full : full + "/f32";
    if (out_.has(value)) return value;  // of a module that is used twice
    if (dtype == DType::f16) check_range(full, tensor);
    out_.add_initializer(full, tensor, dtype);
    return dtype == DType::f32 ? full : out_.add_node("Cast", value, {full}, to_f32());
  }

  void check_range(const std::string& name, const Tensor& tensor) const {
    constexpr float kLargest = 65504;  // of f16
    for (const float value : tensor.to_vector<float>())
      if (std::abs(value) > kLargest)
        refuse(concat_text("has ", value, " in ", name, ", which f16 can't hold"));
  }

  Names weight_and_bias(const Tensor& weight, const Tensor& bias) {
    Names names = {add_weight("weight", weight, options_.weights)};
    if (bias.defined()) names.push_back(add_weight("bias", bias, options_.weights));
    return names;
  }

  std::string add_constant(const std::string& name, const std::vector<double>& values,
                           const Shape& shape) {
    const Tensor tensor = from_vector(std::vector<float>(values.begin(), values.end()), shape);
    out_.add_initializer(name, tensor, DType::f32);
    return name;
  }

  /// The input and, where asked for, what makes the network's input of it.
  std::string add_images();

  std::string add(const graph::Input&) { refuse("can't come twice"); }

  std::string add(const graph::Conv2d& conv) {
    const Shape& shape = conv.weight.shape();
    const Padding2d& padding = conv.options.padding;
    return add_operation(
        "Conv", weight_and_bias(conv.weight, conv.bias),
        OnnxAttributes()
            .sizes("dilations", conv.options.dilation)
            .integer("group", conv.options.groups)
            .integers("kernel_shape", {shape[2], shape[3]})
            .integers("pads", {padding.top, padding.left, padding.bottom, padding.right})
            .sizes("strides", conv.options.stride));
  }

  std::string add(const graph::Linear& linear) {
    if (input_shape().ndim() != 1)
      refuse(concat_text("works on ", input_shape(), ", ONNX's Gemm on features"));
    return add_operation("Gemm", weight_and_bias(linear.weight, linear.bias),
                         OnnxAttributes().integer("transB", 1));
  }

  std::string add(const graph::BatchNorm2d& norm) {
    OnnxAttributes attributes;
    attributes.real("epsilon", norm.eps);
    if (norm.momentum >= 0) attributes.real("momentum", 1 - norm.momentum);
    return add_operation("BatchNormalization",
                         {add_weight("weight", norm.weight), add_weight("bias", norm.bias),
                          add_weight("running_mean", norm.running_mean),
                          add_weight("running_var", norm.running_var)},
                         attributes);
  }

  /// How far the last windows reach beyond the padded input. ONNX's ceil_mode also keeps windows
  /// that begin in the padding, and runtimes disagree about them, so the reach is written as
  /// padding.
  Size2d overhang(Size2d kernel, Size2d stride, Size2d padding, Size2d dilation) const {
    const auto along = [](int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
                          int64_t dilation) {
      const int64_t end = (out - 1) * stride + dilation * (kernel - 1) + 1;
      return std::max<int64_t>(0, end - (in + 2 * padding));
    };
    const Shape &in = input_shape(), &out = node_->output;
    return {along(in[1], out[1], kernel.height, stride.height, padding.height, dilation.height),
            along(in[2], out[2], kernel.width, stride.width, padding.width, dilation.width)};
  }

  static OnnxAttributes windows(Size2d kernel, Size2d stride, Size2d padding, Size2d beyond) {
    return OnnxAttributes()
        .sizes("kernel_shape", kernel)
        .integers("pads", {padding.height, padding.width, padding.height + beyond.height,
                           padding.width + beyond.width})
        .sizes("strides", stride);
  }

  std::string add(const graph::MaxPool2d& pool) {
    const auto& o = pool.options;
    const Size2d stride = o.stride == Size2d(0) ? o.kernel_size : o.stride;
    const Size2d beyond = overhang(o.kernel_size, stride, o.padding, o.dilation);
    return add_operation(
        "MaxPool", {},
        windows(o.kernel_size, stride, o.padding, beyond).sizes("dilations", o.dilation));
  }

  std::string add(const graph::AvgPool2d& pool) {
    const auto& o = pool.options;
    if (o.divisor_override != 0) refuse("has a divisor of its own, which ONNX does not know");
    const Size2d stride = o.stride == Size2d(0) ? o.kernel_size : o.stride;
    const Size2d beyond = overhang(o.kernel_size, stride, o.padding, 1);
    const bool counts_padding = o.count_include_pad && o.padding != Size2d(0);
    if (counts_padding && beyond != Size2d(0))
      refuse("counts its padding and not what ceil_mode adds, which ONNX can't tell apart");
    return add_operation("AveragePool", {},
                         windows(o.kernel_size, stride, o.padding, beyond)
                             .integer("count_include_pad", counts_padding ? 1 : 0));
  }

  std::string add(const graph::AdaptiveAvgPool2d& pool) {
    if (pool.output_size == Size2d(1)) return add_operation("GlobalAveragePool");
    const Shape& in = input_shape();
    const Size2d out = pool.output_size;
    if (in[1] % out.height != 0 || in[2] % out.width != 0)
      refuse(concat_text("makes ", out, " of ", in[1], "x", in[2],
                         ", which ONNX can't say: its windows have one size"));
    const Size2d window = {in[1] / out.height, in[2] / out.width};
    return add_operation("AveragePool", {}, windows(window, window, 0, 0));
  }

  std::string add(const graph::ReLU&) { return add_operation("Relu"); }
  std::string add(const graph::Dropout&) { return value_of_[node_->inputs[0]]; }

  std::string add(const graph::Flatten&) {
    return add_operation("Flatten", {}, OnnxAttributes().integer("axis", 1));
  }

  std::string add(const graph::LogSoftmax&) { return add_softmax("LogSoftmax"); }
  std::string add(const graph::Softmax&) { return add_softmax("Softmax"); }

  std::string add_softmax(std::string_view operation) {
    return add_operation(operation, {}, OnnxAttributes().integer("axis", -1));
  }

  std::string add(const graph::Add&) { return add_operation("Add"); }

  std::string add(const graph::Concat&) {
    return add_operation("Concat", {}, OnnxAttributes().integer("axis", 1));
  }

  const Shape& input_shape() const { return nodes_[node_->inputs[0]].output; }

  const std::vector<Graph::Node>& nodes_;
  const WriteOnnxOptions& options_;
  OnnxGraphWriter out_;
  std::vector<std::string> value_of_;  // of nodes_
  const Graph::Node* node_ = nullptr;  // the one being added
};

std::string GraphBuilder::add_images() {
  const Shape& image = nodes_[0].output;
  std::string value = kInput;
  if (!options_.preprocessing) {
    out_.add_input(kInput, DType::f32, image);
    return value;
  }
  const OnnxPreprocessing& p = *options_.preprocessing;
  const Shape last = {image[1], image[2], image[0]};
  out_.add_input(kInput, p.input, p.channels_last ? last : image);
  const auto next = [&](std::string_view operation, const char* name, const Names& inputs,
                        const OnnxAttributes& attributes = {}) {
    value = out_.add_node(operation, name, inputs, attributes);
  };
  if (p.input != DType::f32) next("Cast", "input/f32", {value}, to_f32());
  if (p.channels_last)
    next("Transpose", "input/channels_first", {value},
         OnnxAttributes().integers("perm", {0, 3, 1, 2}));
  const Shape each = {1, image[0], 1, 1};
  if (p.divisor != 1)
    next("Div", "input/scaled", {value, add_constant("input/divisor", {p.divisor}, {})});
  if (!p.mean.empty())
    next("Sub", "input/centered", {value, add_constant("input/mean", p.mean, each)});
  if (!p.std.empty())
    next("Div", "input/normalized", {value, add_constant("input/std", p.std, each)});
  return value;
}

void check_options(const Graph& graph, const WriteOnnxOptions& options) {
  check(options.weights == DType::f32 || options.weights == DType::f16 ||
            options.weights == DType::bf16,
        "write_onnx: weights can be f32, f16 or bf16, not ", options.weights);
  if (!options.preprocessing) return;
  const OnnxPreprocessing& p = *options.preprocessing;
  const auto channels = static_cast<size_t>(graph.nodes()[0].output[0]);
  check(p.input == DType::u8 || p.input == DType::f32,
        "write_onnx: pictures can be u8 or f32, not ", p.input);
  check(p.divisor != 0, "write_onnx: pictures can't be divided by 0");
  for (const auto& [what, values] : {std::pair("mean", &p.mean), std::pair("std", &p.std)}) {
    check(values->empty() || values->size() == channels, "write_onnx: expected a ", what,
          " for each of ", channels, " channels, got ", values->size());
  }
  check(std::find(p.std.begin(), p.std.end(), 0) == p.std.end(), "write_onnx: a std is 0");
}

}  // namespace

void write_onnx(const std::filesystem::path& path, const Graph& graph,
                const WriteOnnxOptions& options) {
  check_options(graph, options);
  ProtobufWriter model;
  model.integer(1, kIrVersion).text(2, "smtrain");
  model.message(8, ProtobufWriter().text(1, "").integer(2, kOpset));
  for (const auto& [key, value] : options.metadata) {
    check_utf8(key);
    check_utf8(value);
    model.message(14, ProtobufWriter().text(1, key).text(2, value));
  }
  // Last, so that a file that was cut anywhere can't be taken for a whole one.
  model.message(7, GraphBuilder(graph, options).build());
  check(model.size() <= kMaxFileBytes, "write_onnx: the model takes ", model.size(),
        " bytes, an ONNX file holds at most ", kMaxFileBytes);
  write_file_atomically(path, [&](FileWriter& out) { model.write(out); });
}

}  // namespace smtrain::nn
