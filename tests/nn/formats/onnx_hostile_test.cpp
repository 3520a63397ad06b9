// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/layers/batch_norm2d.h"
#include "smtrain/nn/layers/conv2d.h"
#include "smtrain/nn/layers/sequential.h"
#include "smtrain/tests/nn/formats/onnx_file.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using namespace std::string_literals;
using test::onnx_file;
using test::onnx_node;
using test::onnx_tensor;
using test::written;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

/// A file with one initializer, 'a'.
std::string one(const std::vector<int64_t>& dims, int64_t data_type, const std::string& data,
                uint64_t field = 9) {
  return onnx_file(ProtobufWriter().message(5, onnx_tensor("a", dims, data_type, data, field)));
}

StateDict read(const std::string& file) { return read_onnx(bytes_of(file), "x"); }

void expect_refused(const std::string& file, const std::string& message) {
  EXPECT_THAT([&] { read(file); }, ThrowsMessage<BadInput>(message));
}

TEST(OnnxData, ComesInSeveralFields) {
  const auto values = [](const std::string& file) {
    return read(file).at("a").to_vector<double>();
  };
  const std::string half = "\0\0\0\x3f"s;  // 0.5
  EXPECT_THAT(values(one({2}, 1, half + half)), ElementsAre(0.5, 0.5));
  EXPECT_THAT(values(one({1}, 1, half, 4)), ElementsAre(0.5));                       // float_data
  EXPECT_THAT(values(one({1}, 11, "\0\0\0\0\0\0\xe0\x3f"s, 10)), ElementsAre(0.5));  // double_data
  EXPECT_THAT(values(one({2}, 7, "\x96\x01\x02", 7)), ElementsAre(150, 2));          // int64_data
  EXPECT_THAT(values(one({1}, 6, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 5)), ElementsAre(-1));
  EXPECT_THAT(values(one({1}, 10, "\x80\x70", 5)), ElementsAre(0.5));  // 0x3800, an f16
  EXPECT_THAT(values(one({1}, 16, "\x80\x7e", 5)), ElementsAre(0.5));  // 0x3f00, a bf16
  EXPECT_THAT(values(one({2}, 9, "\x01\0"s, 5)), ElementsAre(1, 0));
  EXPECT_THAT(values(one({}, 2, "\x07")), ElementsAre(7));
  EXPECT_EQ(read(one({0, 3}, 1, "")).at("a").shape(), Shape({0, 3}));
}

TEST(OnnxErrors, WhatIsNoModel) {
  const std::string lacks = "x: not an ONNX model (it lacks ir_version, opset_import or graph)";
  expect_refused("", lacks);
  expect_refused(written(ProtobufWriter().integer(1, 8).text(7, "")), lacks);
  expect_refused(written(ProtobufWriter().integer(1, 8).text(8, "\x10\x11")), lacks);
  expect_refused("\x89PNG", "x: number needs 8 bytes at offset 2, 2 are left");
  expect_refused("{}", "x: field 15 at offset 0 has wire type 3, expected 0, 1, 2 or 5");
  expect_refused(onnx_file({}) + "\x3a\0"s, "x: has more than one graph");
  expect_refused(written(ProtobufWriter().integer(7, 1)), "x: graph has wire type 0, expected 2");
  expect_refused(written(ProtobufWriter().text(14, "\x0a\x01k").text(14, "\x0a\x01k")),
                 "x: metadata_props has 'k' twice");
}

TEST(OnnxErrors, LyingSizes) {
  const std::string a = "x: initializer 0 ('a')";
  expect_refused(one({3}, 1, "1234"), a + " of shape [3] and dtype f32 needs 12 bytes, it has 4");
  expect_refused(one({-1}, 1, "1234"), a + " of shape [-1] fits no memory");
  expect_refused(one({int64_t{1} << 62, 2}, 1, ""),
                 a + " of shape [4611686018427387904, 2] fits no memory");
  expect_refused(one({0, int64_t{1} << 62, 2}, 1, ""),
                 a + " of shape [0, 4611686018427387904, 2] fits no memory");
  expect_refused(one({int64_t{1} << 40}, 1, "1234"),
                 a + " of shape [1099511627776] and dtype f32 needs 4398046511104 bytes, it has 4");
  expect_refused(one({1, 1, 1, 1, 1, 1, 1, 1, 1}, 1, "1234"), a + " has more than 8 dimensions");
  expect_refused(one({2}, 7, "\x01", 7),
                 a + " of shape [2] and dtype i64 needs 16 bytes, it has 8");
  expect_refused(one({1}, 10, "\xff\xff\xff\x7f", 5),
                 a + " holds the integer 268435455, which is no f16");
  expect_refused(one({1}, 1, "\x01", 5), a + " holds the integer 1, which is no f32");
  expect_refused(one({1}, 9, "\x07"), a + ": holds the byte 7 where a bool is 0 or 1");
}

TEST(OnnxErrors, WhatIsNotSupported) {
  const std::string expected =
      ", expected FLOAT, DOUBLE, BFLOAT16, FLOAT16, INT64, INT32, UINT8 or BOOL";
  expect_refused(one({1}, 3, "1"), "x: initializer 0 ('a') has the data type 3 (INT8)" + expected);
  expect_refused(one({1}, 22, "1"),
                 "x: initializer 0 ('a') has the data type 22 (INT4)" + expected);
  expect_refused(one({1}, 77, "1"), "x: initializer 0 ('a') has the data type 77" + expected);
  expect_refused(one({1}, -1, "1"), "x: initializer 0 ('a') has the data type -1" + expected);
  ProtobufWriter external;
  external.integer(1, 1).integer(2, 1).text(8, "a").text(13, "").integer(14, 1);
  expect_refused(onnx_file(ProtobufWriter().message(5, external)),
                 "x: initializer 0 ('a') has its data in another file, which is not supported: "
                 "export the model with all of it in one");
  expect_refused(onnx_file(ProtobufWriter().text(15, "")),
                 "x: sparse initializers are not supported");
  const ProtobufWriter empty = onnx_tensor("a", {0}, 1, "");
  expect_refused(onnx_file(ProtobufWriter().message(5, empty).message(5, empty)),
                 "x: initializer 'a' appears twice");
}

TEST(OnnxErrors, MoreThanThereIsMemoryFor) {
  std::string graph;
  for (int i = 0; i < 100'001; ++i) graph += "\x0a\0"s;  // empty nodes
  expect_refused(written(ProtobufWriter().integer(1, 8).text(8, "\x10\x11").text(7, graph)),
                 "x: more than 100000 nodes");
}

TEST(OnnxErrors, OperationsThatLieAboutTheirInputs) {
  const auto model = sequential({conv2d(1, 1, 1, {}, /*bias=*/false), batch_norm2d(1)});
  const Graph graph = trace(*model, {1, 1, 1});
  const auto read_with = [&](const std::vector<ProtobufWriter>& nodes) {
    ProtobufWriter file_graph;
    for (const ProtobufWriter& node : nodes) file_graph.message(1, node);
    file_graph.message(5, onnx_tensor("w", {1, 1, 1, 1}, 1, "1234")).text(11, "\x0a\x01x");
    return read_onnx(bytes_of(onnx_file(file_graph)), "x", graph);
  };
  const std::string nothing =
      "x: has nothing for the model's Conv2d '0' with a weight of shape [1, 1, 1, 1]";
  for (const auto& nodes : std::vector<std::vector<ProtobufWriter>>{
           {},
           {ProtobufWriter()},
           {onnx_node("Conv", {}, "y")},
           {onnx_node("Conv", {"x"}, "")},
           {onnx_node("Identity", {"y"}, "z"), onnx_node("Identity", {"z"}, "y"),
            onnx_node("Conv", {"y", "w"}, "o")},
           {onnx_node("Concat", {}, "y"), onnx_node("Add", {"x"}, "y"),
            onnx_node("Constant", {}, "w2")}}) {
    EXPECT_THROW(read_with(nodes), BadInput);
  }
  EXPECT_THAT([&] { read_with({}); }, ThrowsMessage<BadInput>(nothing));
  EXPECT_THAT(
      [&] {
        read_with({onnx_node("Conv", {"x", "v"}, "y")});
      },
      ThrowsMessage<BadInput>(nothing +
                              "; the first of its operations that the model does not have "
                              "there is Conv 'y'"));
  // A convolution without a bias into which the batch norm was folded.
  const StateDict folded = read_with({onnx_node("Conv", {"x", "w"}, "y")});
  EXPECT_THAT(folded.at("1.bias").to_vector<float>(), ElementsAre(0));
  EXPECT_THAT(folded.at("1.running_var").to_vector<float>(), ElementsAre(1));
}

TEST(OnnxErrors, TruncatedAnywhere) {
  const test::TemporaryDirectory directory;
  const auto model = sequential({conv2d(1, 2, 1), batch_norm2d(2)});
  write_onnx(directory / "x.onnx", trace(*model, {1, 2, 2}), {.metadata = {{"a", "b"}}});
  const auto bytes = read_file(directory / "x.onnx", 10'000);
  EXPECT_EQ(read_onnx(bytes, "x").size(), 6u);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(read_onnx(std::span(bytes).first(size), "x"), BadInput) << size;
}

TEST(OnnxErrors, AnyByteChanged) {
  const test::TemporaryDirectory directory;
  const auto model = sequential({conv2d(1, 2, 1), batch_norm2d(2)});
  const Graph graph = trace(*model, {1, 2, 2});
  write_onnx(directory / "x.onnx", graph);
  auto bytes = read_file(directory / "x.onnx", 10'000);
  int refused = 0;
  for (uint8_t& byte : bytes) {
    for (const int change : {1, 0x80, 0xff}) {
      byte ^= static_cast<uint8_t>(change);
      try {
        read_onnx(bytes, "x", graph);
      } catch (const BadInput&) {
        ++refused;
      }
      byte ^= static_cast<uint8_t>(change);
    }
  }
  EXPECT_GT(refused, static_cast<int>(bytes.size()) / 2);  // the others change a weight or a name
}

}  // namespace
}  // namespace smtrain::nn
