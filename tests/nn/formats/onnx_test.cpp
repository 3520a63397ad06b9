// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx.h"

#include "smtrain/engine/context.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/onnx_model.h"
#include "smtrain/nn/layers/activation.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/dropout.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/heads.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/residual.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/nn/formats/models_for_formats.h"
#include "smtrain/tests/nn/formats/onnx_file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using test::model_with_history;
using test::outputs_of;
using test::relative_difference;
using test::scattered;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::ThrowsMessage;

class Onnx : public ::testing::Test {
 protected:
  std::string write(const Module& model, const Shape& input, const WriteOnnxOptions& options = {}) {
    write_onnx(path_, trace(model, input), options);
    return path_;
  }

  /// Writes one model and reads its weights into another.
  void copy_through_file(const Module& from, Module& to, const Shape& input) {
    to.load_state_dict(read_onnx(write(from, input), trace(to, input)), path_);
  }

  /// What the file says of its operations: "Conv conv1 <- input conv1.weight conv1.bias".
  std::vector<std::string> operations() {
    const MappedFile file(path_);
    const OnnxModel model = parse_onnx(file.bytes(), path_);
    std::vector<std::string> lines;
    for (const OnnxNode& node : model.nodes) {
      lines.push_back(concat_text(node.operation, " ", node.outputs.at(0), " <-"));
      for (const auto input : node.inputs) lines.back() += concat_text(" ", input);
    }
    return lines;
  }

  std::vector<int64_t> integers(size_t node, const char* attribute) {
    const MappedFile file(path_);
    const OnnxModel model = parse_onnx(file.bytes(), path_);
    const auto found = find_attribute(model, model.nodes.at(node), attribute);
    return found ? found->integers : std::vector<int64_t>{-1};
  }

  void expect_refused(const Module& model, const Shape& input, const std::string& message,
                      const WriteOnnxOptions& options = {}) {
    EXPECT_THAT([&] { write(model, input, options); },
                ThrowsMessage<std::invalid_argument>(message));
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_ / "x.onnx";
};

template <typename Model, typename Options>
void expect_same_after_file(const Options& options, const Shape& input, const std::string& path) {
  const auto model = model_with_history<Model>(options, 1);
  const auto other = model_with_history<Model>(options, 2);
  Shape batch = input;
  batch.insert(0, 3);
  const Tensor x = scattered(batch, -1, 1);
  write_onnx(path, trace(*model, input));
  ASSERT_NE(outputs_of(*other, x), outputs_of(*model, x));
  other->load_state_dict(read_onnx(path, trace(*other, input)));
  EXPECT_EQ(outputs_of(*other, x), outputs_of(*model, x));
}

TEST_F(Onnx, ModelsComeBackToTheBit) {
  Context context({.threads = 1});  // threads that wait for each other are slow beside other tests
  const ContextGuard guard(context);
  expect_same_after_file<MnistCnn>(MnistCnnOptions(), {1, 28, 28}, path_);
  expect_same_after_file<Net>(NetOptions{.image_size = 48}, {3, 48, 48}, path_);
  expect_same_after_file<ResNet>(ResNetOptions{.depth = 20, .classes = 10}, {3, 32, 32}, path_);
}

TEST_F(Onnx, SaysWhatMnistCnnComputes) {
  write(MnistCnn(), {1, 28, 28}, {.metadata = {{"classes", "0,1"}, {"", "é\n"}}});
  EXPECT_THAT(operations(),
              ElementsAre("Conv conv1 <- input conv1.weight conv1.bias", "Relu relu1 <- conv1",
                          "Conv conv2 <- relu1 conv2.weight conv2.bias", "Relu relu2 <- conv2",
                          "MaxPool pool <- relu2", "Flatten flatten <- pool",
                          "Gemm fc1 <- flatten fc1.weight fc1.bias", "Relu relu3 <- fc1",
                          "Gemm fc2 <- relu3 fc2.weight fc2.bias", "LogSoftmax output <- fc2"));
  const StateDict state = read_onnx(path_);
  EXPECT_THAT(state.metadata(), ElementsAre(Pair("", "é\n"), Pair("classes", "0,1")));
  std::vector<std::string> tensors;
  for (const auto& [name, tensor] : state)
    tensors.push_back(concat_text(name, " ", tensor.dtype(), " ", tensor.shape()));
  EXPECT_THAT(tensors, ElementsAre("conv1.weight f32 [32, 1, 3, 3]", "conv1.bias f32 [32]",
                                   "conv2.weight f32 [64, 32, 3, 3]", "conv2.bias f32 [64]",
                                   "fc1.weight f32 [128, 9216]", "fc1.bias f32 [128]",
                                   "fc2.weight f32 [10, 128]", "fc2.bias f32 [10]"));
}

TEST_F(Onnx, SaysHowConvolutionsAndPoolsSlide) {
  const auto model = sequential(
      {conv2d(4, 8, {3, 5},
              {.stride = {1, 2}, .padding = {1, 2, 3, 4}, .dilation = {2, 1}, .groups = 2}),
       max_pool2d({.kernel_size = {3, 2}, .stride = 2, .padding = {1, 0}, .ceil_mode = true}),
       avg_pool2d({.kernel_size = 3, .stride = 2, .padding = 1}),
       avg_pool2d({.kernel_size = 2, .stride = 2, .ceil_mode = true}),
       adaptive_avg_pool2d({2, 3})});
  write(*model, {4, 25, 30});  // 24x17, 13x9, 7x5, 4x3
  EXPECT_THAT(integers(0, "kernel_shape"), ElementsAre(3, 5));
  EXPECT_THAT(integers(0, "strides"), ElementsAre(1, 2));
  EXPECT_THAT(integers(0, "pads"), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(integers(0, "dilations"), ElementsAre(2, 1));
  EXPECT_THAT(integers(1, "kernel_shape"), ElementsAre(3, 2));
  EXPECT_THAT(integers(1, "strides"), ElementsAre(2, 2));
  EXPECT_THAT(integers(1, "pads"), ElementsAre(1, 0, 2, 1));  // and what ceil_mode reaches
  EXPECT_THAT(integers(2, "pads"), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(integers(3, "pads"), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(integers(4, "kernel_shape"), ElementsAre(2, 1));
  EXPECT_THAT(integers(4, "strides"), ElementsAre(2, 1));
}

TEST_F(Onnx, PicturesCanBePreparedInside) {
  const OnnxPreprocessing pictures = {.mean = {0.25}, .std = {0.5}};
  const auto model = sequential({flatten(), linear(784, 2)});
  write(*model, {1, 28, 28}, {.preprocessing = pictures});
  EXPECT_THAT(operations(),
              ElementsAre("Cast input/f32 <- input", "Transpose input/channels_first <- input/f32",
                          "Div input/scaled <- input/channels_first input/divisor",
                          "Sub input/centered <- input/scaled input/mean",
                          "Div input/normalized <- input/centered input/std",
                          "Flatten 0 <- input/normalized", "Gemm output <- 0 1.weight 1.bias"));
  EXPECT_THAT(read_onnx(path_).at("input/divisor").to_vector<float>(), ElementsAre(255));
  EXPECT_EQ(read_onnx(path_).at("input/mean").shape(), Shape({1, 1, 1, 1}));
  EXPECT_EQ(read_onnx(path_, trace(*model, {1, 28, 28})).size(), 2u);

  write(*model, {1, 28, 28},
        {.preprocessing = OnnxPreprocessing{.input = DType::f32, .channels_last = false}});
  EXPECT_THAT(operations(),
              ElementsAre("Div input/scaled <- input input/divisor", "Flatten 0 <- input/scaled",
                          "Gemm output <- 0 1.weight 1.bias"));
}

TEST_F(Onnx, WeightsCanHave16Bits) {
  const auto model = sequential({conv2d(1, 2, 1), batch_norm2d(2), flatten(), linear(2, 2)});
  model->eval();
  for (const DType dtype : {DType::f16, DType::bf16}) {
    write(*model, {1, 1, 1}, {.weights = dtype});
    EXPECT_THAT(operations()[0], "Cast 0.weight/f32 <- 0.weight");
    EXPECT_THAT(operations()[2], "Conv 0 <- input 0.weight/f32 0.bias/f32");
    const StateDict state = read_onnx(path_, trace(*model, {1, 1, 1}));
    EXPECT_EQ(state.at("0.weight").dtype(), dtype);
    EXPECT_EQ(state.at("1.running_var").dtype(), DType::f32);
    const Tensor rounded = empty({2, 1, 1, 1}, {.dtype = dtype});
    copy_into(model->state_dict().at("0.weight"), rounded);
    EXPECT_EQ(state.at("0.weight").to_vector<float>(), rounded.to_vector<float>());
  }
}

TEST_F(Onnx, OthersNamesAreFoundByWhatIsComputed) {
  // Names differ, dropout is gone, and the shortcut comes before the layers beside it.
  const auto block = [](bool shortcut_first) -> ModulePtr {
    const auto a = sequential({conv2d(2, 3, 1), relu(), conv2d(3, 2, 1)});
    const auto b = sequential({conv2d(2, 2, 1)});
    return std::make_shared<Residual>(shortcut_first ? b : a, shortcut_first ? a : b);
  };
  const auto from = sequential({block(true), relu(), flatten(), linear(8, 3), softmax()});
  const auto to =
      std::make_shared<Sequential>(std::vector<Module::NamedModule>{{"block", block(false)},
                                                                    {"drop", dropout()},
                                                                    {"relu", relu()},
                                                                    {"flat", flatten()},
                                                                    {"drop2", dropout()},
                                                                    {"head", linear(8, 3)},
                                                                    {"soft", softmax()}});
  copy_through_file(*from, *to, {2, 2, 2});
  const Tensor x = scattered({4, 2, 2, 2}, -1, 1);
  EXPECT_LT(relative_difference(outputs_of(*to, x), outputs_of(*from, x)), 1e-6);
}

TEST_F(Onnx, LinearLayersHaveSeveralForms) {
  const auto model = sequential({flatten(), linear(2, 1), relu(), linear(1, 2)});
  const std::string two_numbers = {0, 0, 0, 0x3f, 0, 0, 0x40, 0x40};  // 0.5, 3
  ProtobufWriter constant = test::onnx_node("Constant", {}, "b");
  constant.message(
      5,
      ProtobufWriter().text(1, "value").message(5, test::onnx_tensor("", {1, 2}, 1, two_numbers)));
  ProtobufWriter graph;
  graph.text(11, "\x0a\x01x")
      .message(5, test::onnx_tensor("w1", {1, 2}, 1, two_numbers))
      .message(5, test::onnx_tensor("w2", {1, 2}, 1, two_numbers))
      .message(1, test::onnx_node("Transpose", {"w1"}, "w1_t"))
      .message(1, constant)
      .message(1, test::onnx_node("Identity", {"x"}, "x1"))
      .message(1, test::onnx_node("MatMul", {"x1", "w1_t"}, "x2"))
      .message(1, test::onnx_node("Relu", {"x2"}, "x3"))
      .message(1, test::onnx_node("MatMul", {"x3", "w2"}, "x4"))
      .message(1, test::onnx_node("Add", {"x4", "b"}, "x5"));
  const std::string file = test::onnx_file(graph);
  const StateDict state = read_onnx(bytes_of(file), "x", trace(*model, {2, 1, 1}));
  EXPECT_EQ(state.at("1.weight").shape(), Shape({1, 2}));
  EXPECT_THAT(state.at("1.weight").to_vector<float>(), ElementsAre(0.5, 3));
  EXPECT_THAT(state.at("1.bias").to_vector<float>(), ElementsAre(0));
  EXPECT_EQ(state.at("3.weight").shape(), Shape({2, 1}));
  EXPECT_THAT(state.at("3.weight").to_vector<float>(), ElementsAre(0.5, 3));
  EXPECT_THAT(state.at("3.bias").to_vector<float>(), ElementsAre(0.5, 3));
}

TEST_F(Onnx, HeadsOfOneShapeAreToldApartByName) {
  const auto model = [](const std::string& body) {
    return sequential(
        {flatten(), std::make_shared<Sequential>(std::vector<Module::NamedModule>{
                        {body, linear(4, 4)},
                        {"heads", std::make_shared<Heads>(std::vector<Module::NamedModule>{
                                      {"a", linear(4, 2)}, {"b", linear(4, 2)}})}})});
  };
  const auto from = model("body"), to = model("trunk");
  copy_through_file(*from, *to, {1, 2, 2});
  const Tensor x = scattered({4, 1, 2, 2}, -1, 1);
  EXPECT_EQ(outputs_of(*to, x), outputs_of(*from, x));
}

TEST_F(Onnx, AnotherModelsWeightsAreRefused) {
  const auto model = [](int64_t channels, int64_t stride, bool bias) {
    return sequential({conv2d(1, 2, 1), relu(), conv2d(2, channels, 3, {.stride = stride}, bias)});
  };
  write(*sequential({relu(), model(4, 1, true)}), {1, 7, 7});
  const auto refused = [&](const Module& other, const std::string& message) {
    EXPECT_THAT(
        [&] {
          read_onnx(path_, trace(*other.children()[1].module, {1, 7, 7}));
        },
        ThrowsMessage<BadInput>(path_ + ": " + message));
  };
  refused(
      *sequential({relu(), model(4, 1, true)}),
      "has nothing for the model's Conv2d '0' with a weight of shape [2, 1, 1, 1]; the first of "
      "its operations that the model does not have there is Relu '0'");
  write(*sequential({sequential({model(4, 1, true)})}), {1, 7, 7});
  refused(
      *sequential({relu(), model(5, 1, true)}),
      "has nothing for the model's Conv2d '2' with a weight of shape [5, 2, 3, 3]; the first of "
      "its operations that the model does not have there is Conv '0.0.2' with a weight of shape "
      "[4, 2, 3, 3]");
  refused(
      *sequential({relu(), model(4, 2, true)}),
      "has nothing for the model's Conv2d '2' with a weight of shape [4, 2, 3, 3]; the first of "
      "its operations that the model does not have there is Conv '0.0.2' with a weight of shape "
      "[4, 2, 3, 3]");
  refused(*sequential({relu(), model(4, 1, false)}),
          "'0.0.2.bias' of shape [4] would be 2.bias, expected 0 numbers");
}

TEST_F(Onnx, WhatItCantSayIsRefusedBeforeAnythingIsWritten) {
  expect_refused(*sequential({relu(), adaptive_avg_pool2d(2)}), {3, 5, 6},
                 "write_onnx: AdaptiveAvgPool2d '1' makes 2x2 of 5x6, which ONNX can't say: its "
                 "windows have one size");
  expect_refused(*sequential({avg_pool2d({.kernel_size = 2, .divisor_override = 3})}), {3, 4, 4},
                 "write_onnx: AvgPool2d '0' has a divisor of its own, which ONNX does not know");
  expect_refused(
      *sequential({avg_pool2d({.kernel_size = 3, .stride = 2, .padding = 1, .ceil_mode = true})}),
      {1, 6, 6},
      "write_onnx: AvgPool2d '0' counts its padding and not what ceil_mode adds, which ONNX can't "
      "tell apart");
  const auto fine = sequential({relu()});
  expect_refused(*fine, {3, 4, 4}, "write_onnx: expected a mean for each of 3 channels, got 1",
                 {.preprocessing = OnnxPreprocessing{.mean = {1}}});
  expect_refused(*fine, {1, 4, 4}, "write_onnx: a std is 0",
                 {.preprocessing = OnnxPreprocessing{.std = {0}}});
  expect_refused(*fine, {1, 4, 4}, "write_onnx: pictures can be u8 or f32, not i64",
                 {.preprocessing = OnnxPreprocessing{.input = DType::i64}});
  expect_refused(*fine, {1, 4, 4}, "write_onnx: names and metadata must be UTF-8",
                 {.metadata = {{"classes", "\xff"}}});
  const auto large = sequential({flatten(), linear(1, 1)});
  fill(large->state_dict().at("1.bias"), 65505);
  expect_refused(*large, {1, 1, 1},
                 "write_onnx: Linear '1' has 65505 in 1.bias, which f16 can't hold",
                 {.weights = DType::f16});
  expect_refused(*fine, {1, 4, 4}, "write_onnx: weights can be f32, f16 or bf16, not f64",
                 {.weights = DType::f64});
}

}  // namespace
}  // namespace smtrain::nn
