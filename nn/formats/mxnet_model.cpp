// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/keras_layers.h"
#include "smtrain/nn/formats/keras_weights.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/mxnet_json.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <charconv>
#include <utility>

namespace smtrain::nn {
namespace {

std::string text_of(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

/// As Python prints a tuple: "(2, 2)", "(32,)".
std::string tuple_of(std::initializer_list<int64_t> numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "(" + text + (numbers.size() == 1 ? ",)" : ")");
}
std::string tuple_of(Size2d size) { return tuple_of({size.height, size.width}); }

std::string tuple_of(const Shape& shape) {
  std::string text = "(";
  for (int i = 0; i < shape.ndim(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + (shape.ndim() == 1 ? ",)" : ")");
}

/// Builds the operators in the graph's order, so that each follows its inputs.
class MxnetBuilder {
 public:
  explicit MxnetBuilder(const Graph& graph)
      : graph_(graph), names_(graph.nodes().size()), result_of_(graph.nodes().size()) {
    for (const KerasLayer& layer : keras_layers(graph).layers) {
      if (layer.class_name != "ZeroPadding2D") names_[layer.node] = layer.name;
    }
    for (node_ = 0; node_ < graph.nodes().size(); ++node_) {
      result_of_[node_] =
          std::visit([this](const auto& operation) { return add(operation); }, node().operation);
    }
  }

  MxnetModel model() && { return {mxnet_json(nodes_, result_of_.back()), std::move(arrays_)}; }

 private:
  using Attributes = std::map<std::string, std::string>;

  const Graph::Node& node() const { return graph_.nodes()[node_]; }
  const std::string& layer() const { return names_[node_]; }
  MxnetInput x(size_t index = 0) const { return {result_of_[node().inputs[index]]}; }

  template <typename... Parts>
  void require(bool condition, const Parts&... parts) const {
    check(condition, "write_mxnet: ", node().name, " (", graph::name_of(node().operation), ") ",
          parts...);
  }

  size_t append(std::string op, std::string name, Attributes attributes,
                std::vector<MxnetInput> inputs) {
    nodes_.push_back({std::move(op), std::move(name), std::move(attributes), std::move(inputs)});
    return nodes_.size() - 1;
  }

  /// An operator that Keras gives no name. Keras builds every operator twice, to train and to
  /// predict; MXNet numbers them all, by kind and from 0, and the second is the one exported.
  size_t anonymous(std::string op, const char* kind, Attributes attributes,
                   std::vector<MxnetInput> inputs) {
    const int number = 2 * made_[kind]++ + 1;
    return append(std::move(op), kind + std::to_string(number), std::move(attributes),
                  std::move(inputs));
  }

  size_t variable(const std::string& name, const Shape& shape) {
    return append("null", name, {{"__dtype__", "0"}, {"__shape__", tuple_of(shape)}}, {});
  }

  /// A variable and its array; "conv2d_1/kernel1" is the layer's first of that name.
  size_t array(const char* name, const Tensor& tensor, const char* kind = "arg:") {
    const std::string full = layer() + "/" + name + "1";
    Tensor values = to_host_row_major(tensor, DType::f32);
    const size_t index = variable(full, values.shape());
    arrays_.add(kind + full, std::move(values));
    return index;
  }

  size_t add(const graph::Input&) {
    Shape images = node().output;
    images.insert(0, 0);  // any number
    return variable("/" + layer() + "1", images);
  }

  size_t add(const graph::Conv2d& conv) {
    const auto& o = conv.options;
    const Tensor& weight = conv.weight;
    MxnetInput images = x();
    Size2d padding = {o.padding.top, o.padding.left};
    if (o.padding.top != o.padding.bottom || o.padding.left != o.padding.right) {
      images = {anonymous("Pad", "pad",
                          {{"mode", "constant"},
                           {"constant_value", "0"},
                           {"pad_width", tuple_of({0, 0, 0, 0, o.padding.top, o.padding.bottom,
                                                   o.padding.left, o.padding.right})}},
                          {images})};
      padding = 0;
    }
    Attributes attributes = {{"dilate", tuple_of(o.dilation)},
                             {"kernel", tuple_of({weight.size(2), weight.size(3)})},
                             {"no_bias", "True"},
                             {"num_filter", std::to_string(weight.size(0))},
                             {"pad", tuple_of(padding)},
                             {"stride", tuple_of(o.stride)}};
    if (o.groups != 1) attributes["num_group"] = std::to_string(o.groups);
    const size_t kernel = array("kernel", weight);
    size_t y =
        append("Convolution", layer() + "/conv2d2", std::move(attributes), {images, {kernel}});
    if (conv.bias.defined()) {
      const size_t bias = array("bias", conv.bias);
      const size_t reshaped = anonymous(
          "Reshape", "reshape", {{"shape", tuple_of({1, conv.bias.size(0), 1, 1})}}, {{bias}});
      y = sum({y}, {reshaped});
    }
    return y;
  }

  size_t add(const graph::Linear& linear) {
    const size_t kernel = array("kernel", to_keras_dense(linear.weight, std::nullopt));
    size_t y = anonymous("dot", "dot", {}, {x(), {kernel}});
    if (linear.bias.defined()) y = sum({y}, {array("bias", linear.bias)});
    return y;
  }

  size_t add(const graph::BatchNorm2d& norm) {
    const size_t gamma = array("gamma", norm.weight), beta = array("beta", norm.bias);
    const size_t mean = array("moving_mean", norm.running_mean, "aux:");
    const size_t variance = array("moving_variance", norm.running_var, "aux:");
    constexpr int kWritten = 1;  // training changes them in place
    return anonymous("BatchNorm", "batchnorm",
                     {{"axis", "1"},
                      {"eps", text_of(norm.eps)},
                      {"fix_gamma", "False"},
                      {"momentum", text_of(1 - norm.momentum)},  // PyTorch's is the new value's
                      {"use_global_stats", "False"}},
                     {x(), {gamma}, {beta}, {mean, kWritten}, {variance, kWritten}});
  }

  size_t add(const graph::MaxPool2d& pool) {
    const auto& o = pool.options;
    require(o.dilation == Size2d(1), "has dilation ", o.dilation,
            ", which MXNet has no operator for");
    return pooling("max", o.kernel_size, o.stride, o.padding, o.ceil_mode, {});
  }
  size_t add(const graph::AvgPool2d& pool) {
    const auto& o = pool.options;
    require(o.divisor_override == 0, "divides by ", o.divisor_override,
            ", which MXNet has no operator for");
    Attributes more;
    if (!o.count_include_pad) more["count_include_pad"] = "False";
    return pooling("avg", o.kernel_size, o.stride, o.padding, o.ceil_mode, std::move(more));
  }
  size_t add(const graph::AdaptiveAvgPool2d& pool) {
    require(pool.output_size == Size2d(1), "gives ", pool.output_size,
            " averages; MXNet has an operator for 1x1");
    return append("Pooling", layer() + "/pool2d2",
                  {{"global_pool", "True"}, {"kernel", "(1, 1)"}, {"pool_type", "avg"}}, {x()});
  }

  size_t pooling(const char* type, Size2d kernel, Size2d stride, Size2d padding, bool ceil_mode,
                 Attributes attributes) {
    if (stride == Size2d(0)) stride = kernel;
    const Shape& image = graph_.nodes()[node().inputs[0]].output;
    const auto size = [&](int64_t in, int64_t pad, int64_t window, int64_t step) {
      return (in + 2 * pad - window + (ceil_mode ? step - 1 : 0)) / step + 1;
    };
    const Size2d result = {size(image[1], padding.height, kernel.height, stride.height),
                           size(image[2], padding.width, kernel.width, stride.width)};
    require(result == Size2d(node().output[1], node().output[2]), "gives ", node().output,
            ", MXNet's pooling would give ", result);
    attributes.insert({{"kernel", tuple_of(kernel)},
                       {"pad", tuple_of(padding)},
                       {"pool_type", type},
                       {"pooling_convention", ceil_mode ? "full" : "valid"},
                       {"stride", tuple_of(stride)}});
    return append("Pooling", layer() + "/pool2d2", std::move(attributes), {x()});
  }

  size_t add(const graph::ReLU&) {
    return anonymous("LeakyReLU", "leakyrelu", {{"act_type", "leaky"}, {"slope", "0.0"}}, {x()});
  }
  size_t add(const graph::Dropout& dropout) {
    Attributes attributes = {{"p", text_of(dropout.p)}};
    if (dropout.whole_channels && node().output.ndim() == 3) attributes["axes"] = "(2, 3)";
    return append("Dropout", layer() + "/dropout2", std::move(attributes), {x()});
  }
  size_t add(const graph::Flatten&) { return anonymous("Flatten", "flatten", {}, {x()}); }
  size_t add(const graph::LogSoftmax&) {
    if (node_ + 1 == graph_.nodes().size()) return anonymous("softmax", "softmax", {}, {x()});
    return anonymous("log_softmax", "log_softmax", {}, {x()});
  }
  size_t add(const graph::Softmax&) { return anonymous("softmax", "softmax", {}, {x()}); }
  size_t add(const graph::Add&) { return sum(x(0), x(1)); }
  size_t add(const graph::Concat&) {
    std::vector<MxnetInput> inputs;
    for (size_t i = 0; i < node().inputs.size(); ++i) inputs.push_back(x(i));
    const std::string count = std::to_string(inputs.size());
    return anonymous("Concat", "concat", {{"dim", "1"}, {"num_args", count}}, std::move(inputs));
  }

  size_t sum(MxnetInput a, MxnetInput b) {
    return anonymous("broadcast_add", "broadcast_add", {}, {a, b});
  }

  const Graph& graph_;
  std::vector<std::string> names_;  // of the nodes' layers in Keras
  std::vector<size_t> result_of_;   // the operator that gives a node's result
  size_t node_ = 0;                 // the one being added
  std::map<std::string_view, int> made_;
  std::vector<MxnetNode> nodes_;
  StateDict arrays_;
};

}  // namespace

MxnetModel mxnet_model(const Graph& graph) { return MxnetBuilder(graph).model(); }

void write_mxnet(const std::filesystem::path& prefix, const Graph& graph) {
  const MxnetModel model = mxnet_model(graph);
  write_mxnet_params(prefix.string() + "-0000.params", model.arrays);
  write_file_atomically(prefix.string() + "-symbol.json", model.symbol);
}

}  // namespace smtrain::nn
