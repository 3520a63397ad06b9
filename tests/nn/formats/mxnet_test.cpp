// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/mxnet.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/flatten.h"
#include "smtrain/nn/layers/linear.h"
#include "smtrain/nn/layers/pool.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/nn/models/mnist_cnn.h"
#include "smtrain/nn/models/net.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/little_endian.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using test::little;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A file with one array, whose bytes are given, and with the names given.
std::string file_of(const std::string& array, const std::vector<std::string>& names) {
  std::string file = little(0x112, 8) + little(0, 8) + little(1, 8) + array;
  file += little(names.size(), 8);
  for (const std::string& name : names) file += little(name.size(), 8) + name;
  return file;
}

const std::string kCpu = little(1, 4) + little(0, 4);

StateDict read(const std::string& file) { return read_mxnet_params(bytes_of(file), "x"); }

void expect_refused(const std::string& file, const std::string& message) {
  EXPECT_THAT([&] { read(file); }, ThrowsMessage<BadInput>(message));
}

TEST(MxnetParams, ReadsTheGolden) {
  const StateDict tiny = read_mxnet_params(test::golden("files/tiny.params"));
  ASSERT_EQ(tiny.size(), 4u);
  EXPECT_EQ(tiny.at("arg:conv2d_1/kernel1").shape(), Shape({2, 1, 3, 3}));
  EXPECT_EQ(tiny.at("arg:conv2d_1/kernel1").to_vector<float>()[17], 17);
  EXPECT_THAT(tiny.at("arg:conv2d_1/bias1").to_vector<float>(), ElementsAre(.5, -1));
  EXPECT_THAT(tiny.at("aux:bn_moving_mean").to_vector<float>(), ElementsAre(3, 4));
  EXPECT_EQ(tiny.at("arg:i8").dtype(), DType::i32);
  EXPECT_THAT(tiny.at("arg:i8").to_vector<int32_t>(), ElementsAre(1, -2));
}

TEST(MxnetParams, WritesTheGoldensBytes) {
  const std::string golden = read_text(test::golden("files/tiny.params"), 1000);
  const StateDict tiny = read(golden);
  StateDict floats;
  for (const auto& [name, tensor] : tiny) {
    if (tensor.dtype() == DType::f32) floats.add(name, tensor);
  }
  const test::TemporaryDirectory directory;
  write_mxnet_params(directory / "x.params", floats);
  const std::string written = read_text(directory / "x.params", 1000);
  // Up to the fourth array the two differ only in how many arrays they say there are.
  EXPECT_EQ(written.substr(24, 72 + 52 + 4), golden.substr(24, 72 + 52 + 4));
  EXPECT_EQ(read(written).at("aux:bn_moving_mean").to_vector<float>(),
            tiny.at("aux:bn_moving_mean").to_vector<float>());
}

TEST(MxnetParams, EveryVersionIsRead) {
  const std::string two = little(0x3f800000, 4) + little(0x40000000, 4);  // 1 and 2
  const std::string f32 = kCpu + little(0, 4);
  const auto expect_two = [](const std::string& array) {
    EXPECT_THAT(read(file_of(array, {"arg:a"})).at("arg:a").to_vector<float>(), ElementsAre(1, 2));
  };
  expect_two(little(1, 4) + little(2, 4) + f32 + two);
  expect_two(little(0xF993fac8, 4) + little(1, 4) + little(2, 8) + f32 + two);
  expect_two(little(0xF993fac9, 4) + little(0, 4) + little(1, 4) + little(2, 8) + f32 + two);
  expect_two(little(0xF993faca, 4) + little(0, 4) + little(1, 4) + little(2, 8) + f32 + two);

  const std::string scalar =
      little(0xF993faca, 4) + little(0, 4) + little(0, 4) + f32 + little(0x3f800000, 4);
  EXPECT_EQ(read(file_of(scalar, {"s"})).at("s").item(), 1);
  const std::string nothing = little(0xF993fac9, 4) + little(0, 4) + little(0, 4);
  EXPECT_EQ(read(file_of(nothing, {"n"})).at("n").numel(), 0);
  EXPECT_EQ(read(file_of(nothing, {})).begin()->name, "0");
}

TEST(MxnetParams, EveryDTypeComesBack) {
  StateDict written;
  for (const DType dtype :
       {DType::f32, DType::f64, DType::f16, DType::u8, DType::i32, DType::i64}) {
    written.add(name_of(dtype), full({2, 1}, 3, {.dtype = dtype}, Device::cpu()));
  }
  const test::TemporaryDirectory directory;
  write_mxnet_params(directory / "x.params", written);
  for (const auto& [name, tensor] : read_mxnet_params(directory / "x.params")) {
    EXPECT_EQ(tensor.dtype(), written.at(name).dtype());
    EXPECT_THAT(tensor.to_vector<double>(), ElementsAre(3, 3));
  }
}

TEST(MxnetParams, RefusesToWriteWhatTheFormatLacks) {
  const test::TemporaryDirectory directory;
  const auto expect_mistake = [&](const Tensor& tensor, const std::string& message) {
    StateDict arrays;
    arrays.add("a", tensor);
    EXPECT_THAT([&] { write_mxnet_params(directory / "x", arrays); },
                ThrowsMessage<std::invalid_argument>("write_mxnet_params: 'a' " + message));
  };
  expect_mistake(full({1}, 0, {.dtype = DType::bf16}, Device::cpu()),
                 "is bf16, which the format does not have");
  expect_mistake(full({}, 0), "has shape [], the format's arrays have elements and dimensions");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(MxnetParamsErrors, NameTheArray) {
  const std::string v2 = little(0xF993fac9, 4);
  expect_refused("x", "x: magic number needs 8 bytes at offset 0, 1 are left");
  expect_refused(little(0x113, 8), "x: is not a list of MXNet's arrays");
  expect_refused(file_of(v2 + little(1, 4), {}),
                 "x: array 0 is sparse (storage type 1), which this reader leaves out");
  expect_refused(file_of(v2 + little(0, 4) + little(9, 4), {}),
                 "x: array 0 has 9 dimensions, expected at most 8");
  expect_refused(file_of(little(500, 4), {}), "x: array 0 has 500 dimensions, expected at most 8");
  const std::string one = v2 + little(0, 4) + little(1, 4);
  expect_refused(file_of(one + little(1, 8) + kCpu + little(12, 4), {}),
                 "x: array 0 has dtype 12, expected 0 to 6");
  expect_refused(file_of(one + little(uint64_t{1} << 62, 8) + kCpu + little(0, 4), {}),
                 "x: array 0 of shape [4611686018427387904] fits no memory");
  expect_refused(file_of(one + little(~uint64_t{0}, 8) + kCpu + little(0, 4), {}),
                 "x: array 0 of shape [-1] fits no memory");
  expect_refused(file_of(one + little(1000, 8) + kCpu + little(0, 4), {"a"}),
                 "x: array 0 needs 4000 bytes at offset 56, 17 are left");
  const std::string whole = one + little(1, 8) + kCpu + little(0, 4) + little(0, 4);
  expect_refused(file_of(whole, {"a", "b"}), "x: has 2 names for 1 arrays");
  expect_refused(file_of(whole, {"a"}) + "!", "x: 1 bytes follow the last name");
  expect_refused(little(0x112, 8) + little(0, 8) + little(2, 8) + whole + whole + little(2, 8) +
                     little(1, 8) + "a" + little(1, 8) + "a",
                 "x: has 'a' twice");
}

TEST(MxnetParamsErrors, EveryTruncationIsRefusedAndEveryFlippedBitReadOrRefused) {
  std::string file = read_text(test::golden("files/tiny.params"), 1000);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read(file.substr(0, size)), BadInput) << size;
  }
  for (size_t i = 0; i < 8 * file.size(); ++i) {
    const char byte = file[i / 8];
    file[i / 8] = static_cast<char>(byte ^ (1 << i % 8));
    try {
      read(file);
    } catch (const BadInput&) {
    }
    file[i / 8] = byte;
  }
}

TEST(Mxnet, TheArticlesModelIsItsFilesToTheByte) {
  const MnistCnn model;
  const test::TemporaryDirectory directory;
  write_mxnet(directory / "mnist-cnn", trace(model, {1, 28, 28}));
  EXPECT_EQ(read_text(directory / "mnist-cnn-symbol.json", 10'000),
            read_text(test::golden("files/mnist-cnn-symbol.json"), 10'000));
  EXPECT_EQ(std::filesystem::file_size(directory / "mnist-cnn-0000.params"), 4'800'092u);
  std::vector<std::string> names;
  for (const auto& entry : read_mxnet_params(directory / "mnist-cnn-0000.params")) {
    names.push_back(entry.name);
  }
  EXPECT_THAT(names,
              ElementsAre("arg:conv2d_1/kernel1", "arg:conv2d_1/bias1", "arg:conv2d_2/kernel1",
                          "arg:conv2d_2/bias1", "arg:dense_1/kernel1", "arg:dense_1/bias1",
                          "arg:dense_2/kernel1", "arg:dense_2/bias1"));
}

void expect_equal(const StateDict& read, const StateDict& expected) {
  ASSERT_EQ(read.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    EXPECT_EQ(read.at(name).shape(), tensor.shape()) << name;
    EXPECT_EQ(read.at(name).to_vector<float>(), tensor.to_vector<float>()) << name;
  }
}

TEST(Mxnet, EveryModelsArraysComeBack) {
  const struct {
    ModulePtr model;
    Shape image;
  } cases[] = {{std::make_shared<Net>(NetOptions{.image_size = {30, 34}}), {3, 30, 34}},
               {std::make_shared<MnistCnn>(MnistCnnOptions{.image_size = 12}), {1, 12, 12}},
               {std::make_shared<ResNet>(ResNetOptions{.depth = 18, .classes = 7}), {3, 64, 48}},
               {std::make_shared<ResNet>(ResNetOptions{.depth = 20, .classes = 3}), {3, 16, 16}}};
  for (const auto& [model, image] : cases) {
    const Graph graph = trace(*model, image);
    const MxnetModel exported = mxnet_model(graph);
    const MxnetSymbol symbol = parse_mxnet_symbol(exported.symbol, "symbol.json");
    ASSERT_EQ(mxnet_inputs(symbol, exported.arrays).size(), 1u);
    expect_equal(mxnet_state_dict(exported.arrays, "x", graph), model->state_dict());
    StateDict backwards;  // a file's order is any; the symbol's is not
    for (auto entry = exported.arrays.end(); entry != exported.arrays.begin();) {
      --entry;
      backwards.add(entry->name, entry->tensor);
    }
    expect_equal(mxnet_state_dict(backwards, "x", graph, &symbol), model->state_dict());
  }
}

TEST(Mxnet, OperatorsOfResidualNetworks) {
  const ResNet model({.depth = 18, .classes = 2});
  const MxnetModel exported = mxnet_model(trace(model, {3, 32, 32}));
  const MxnetSymbol symbol = parse_mxnet_symbol(exported.symbol, "symbol.json");
  EXPECT_THAT(mxnet_inputs(symbol, exported.arrays), ElementsAre("/input_11"));
  EXPECT_NE(exported.arrays.find("aux:batch_normalization_20/moving_variance1"), nullptr);
  EXPECT_THAT(exported.symbol,
              HasSubstr(R"("inputs": [[2, 0, 0], [3, 0, 0], [4, 0, 0], [5, 0, 1], [6, 0, 1]])"));
  std::map<std::string, int> counts;
  for (const auto& node : symbol.nodes) ++counts[node.op];
  EXPECT_EQ(counts["Convolution"], 20);
  EXPECT_EQ(counts["BatchNorm"], 20);
  EXPECT_EQ(counts["broadcast_add"], 8 + 1);
  const auto norm = std::find_if(symbol.nodes.begin(), symbol.nodes.end(),
                                 [](const auto& node) { return node.op == "BatchNorm"; });
  EXPECT_EQ(norm->name, "batchnorm1");
  EXPECT_EQ(norm->attributes.at("eps"), "1e-05");
  EXPECT_EQ(norm->attributes.at("fix_gamma"), "False");
  EXPECT_EQ(norm->attributes.at("momentum"), "0.9");
}

TEST(Mxnet, RefusesWhatMxnetHasNoOperatorFor) {
  const auto expect_refused = [](std::initializer_list<ModulePtr> layers, const char* message) {
    const auto model = sequential(layers);
    EXPECT_THAT(
        [&] {
          mxnet_model(trace(*model, {2, 9, 9}));
        },
        ThrowsMessage<std::invalid_argument>(message));
  };
  expect_refused({max_pool2d({.kernel_size = 2, .dilation = 2})},
                 "write_mxnet: 0 (MaxPool2d) has dilation 2x2, which MXNet has no operator for");
  expect_refused({avg_pool2d({.kernel_size = 2, .divisor_override = 3})},
                 "write_mxnet: 0 (AvgPool2d) divides by 3, which MXNet has no operator for");
  expect_refused({adaptive_avg_pool2d(3)},
                 "write_mxnet: 0 (AdaptiveAvgPool2d) gives 3x3 averages; MXNet has an operator for "
                 "1x1");
  expect_refused({max_pool2d({.kernel_size = 2, .stride = 4, .padding = 1, .ceil_mode = true})},
                 "write_mxnet: 0 (MaxPool2d) gives [2, 3, 3], MXNet's pooling would give 4x4");
}

TEST(MxnetStateDict, ReadsFullyConnectedAndNamesWhatDisagrees) {
  const auto model = sequential({conv2d(1, 2, 3), flatten(), linear(8, 8)});
  const Graph graph = trace(*model, {1, 4, 4});
  const StateDict state_dict = model->state_dict();
  StateDict arrays;
  arrays.add("arg:conv0_weight", state_dict.at("0.weight"));
  arrays.add("arg:conv0_bias", state_dict.at("0.bias"));
  const auto expect_refused = [&](const StateDict& given, const std::string& message) {
    EXPECT_THAT([&] { mxnet_state_dict(given, "x", graph); },
                ThrowsMessage<BadInput>("x: " + message));
  };
  expect_refused(arrays, "has no more arrays for the model's 2.weight");
  arrays.add("arg:fc1_weight", state_dict.at("2.weight"));
  arrays.add("arg:fc1_bias", state_dict.at("2.bias"));
  expect_equal(mxnet_state_dict(arrays, "x", graph), state_dict);
  arrays.add("arg:more", state_dict.at("0.bias"));
  expect_refused(arrays, "'arg:more' has no place in the model, nor have the 0 after it");
  StateDict other;
  other.add("arg:a", zeros({2, 1, 5, 5}));
  expect_refused(other,
                 "'arg:a' has shape [2, 1, 5, 5] and dtype f32, the model's 0.weight wants "
                 "floats of [2, 1, 3, 3]");
}

TEST(MxnetSymbolErrors, GraphsThatAreNot) {
  const auto expect_refused = [](const std::string& json, const std::string& message) {
    EXPECT_THAT([&] { parse_mxnet_symbol(json, "x"); }, ThrowsMessage<BadInput>("x: " + message));
  };
  const auto nodes = [](const std::string& list) {
    return R"({"nodes": [)" + list + R"(], "heads": [[0, 0, 0]]})";
  };
  expect_refused("{", "is not valid JSON");
  expect_refused("[]", "the symbol has no array 'nodes'");
  expect_refused(R"({"nodes": []})", "the symbol has no array 'heads'");
  expect_refused(R"({"nodes": [], "heads": []})", "the symbol has no head");
  expect_refused(nodes(""), "a head refers to node 0, 0 come before it");
  expect_refused(nodes("1"), "node 0 has no text 'op'");
  expect_refused(nodes(R"({"op": "null", "name": 1})"), "node 0 has no text 'name'");
  expect_refused(nodes(R"({"op": "null", "name": "x"})"), "node 0 has no array 'inputs'");
  expect_refused(nodes(R"({"op": "null", "name": "x", "inputs": [[0, 0, 0]]})"),
                 "node 0 refers to node 0, 0 come before it");
  expect_refused(nodes(R"({"op": "null", "name": "x", "inputs": [1]})"),
                 "node 0 refers to no node");
  expect_refused(nodes(R"({"op": "null", "name": "x", "attr": {"a": 1}, "inputs": []})"),
                 "node 0: attribute 'a' is no text");
}

TEST(MxnetSymbolErrors, ArraysThatDoNotFit) {
  const MxnetSymbol symbol = read_mxnet_symbol(test::golden("files/mnist-cnn-symbol.json"));
  EXPECT_EQ(symbol.nodes.size(), 27u);
  EXPECT_EQ(mxnet_inputs(symbol, StateDict()).size(), 9u);
  const auto expect_refused = [&](const char* name, const Shape& shape,
                                  const std::string& message) {
    StateDict arrays;
    arrays.add(name, zeros(shape));
    EXPECT_THAT([&] { mxnet_inputs(symbol, arrays); },
                ThrowsMessage<BadInput>(HasSubstr("mnist-cnn-symbol.json: " + message)));
  };
  expect_refused("arg:conv2d_1/bias1", {33},
                 "variable 'conv2d_1/bias1' has shape (32,), its array [33]");
  expect_refused("arg:conv2d_1/kernel1", {32, 1, 3},
                 "variable 'conv2d_1/kernel1' has shape (32, 1, 3, 3), its array [32, 1, 3]");
  expect_refused("aux:x", {1}, "has no variable for the array 'x'");
}

}  // namespace
}  // namespace smtrain::nn
