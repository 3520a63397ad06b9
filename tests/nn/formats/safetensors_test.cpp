// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/safetensors.h"

#include "smtrain/engine/io/file.h"
#include "smtrain/tests/little_endian.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::ThrowsMessage;

std::string file_of(const std::string& header, size_t data_bytes) {
  return test::little8(header.size()) + header + std::string(data_bytes, '\0');
}

/// A header with one tensor 'a' whose members are `members`.
std::string one(const std::string& members) { return "{\"a\":{" + members + "}}"; }

StateDict read(const std::string& file) { return read_safetensors(bytes_of(file), "x"); }

void expect_refused(const std::string& file, const std::string& message) {
  EXPECT_THAT([&] { read(file); }, ThrowsMessage<std::runtime_error>(message)) << file;
}

TEST(Safetensors, ReadsTheGolden) {
  const StateDict tiny = read_safetensors(test::golden("files/tiny.safetensors"));
  EXPECT_THAT(tiny.metadata(), ElementsAre(Pair("format", "pt")));
  ASSERT_EQ(tiny.size(), 4u);
  EXPECT_EQ(tiny.begin()->name, "n");
  EXPECT_EQ(tiny.at("n").shape(), Shape());
  EXPECT_EQ(tiny.at("n").dtype(), DType::i64);
  EXPECT_THAT(tiny.at("n").to_vector<int64_t>(), ElementsAre(7));
  EXPECT_EQ(tiny.at("a.weight").shape(), Shape({2, 3}));
  EXPECT_THAT(tiny.at("a.weight").to_vector<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(tiny.at("e").shape(), Shape({0, 2}));
  EXPECT_EQ(tiny.at("h").dtype(), DType::f16);
  EXPECT_THAT(tiny.at("h").to_vector<float>(), ElementsAre(1.5));
}

TEST(Safetensors, WritesTheGoldensBytes) {
  const auto path = test::golden("files/tiny.safetensors");
  const StateDict tiny = read_safetensors(path);
  const test::TemporaryDirectory directory;
  StateDict shuffled;
  for (const char* name : {"h", "e", "n", "a.weight"}) shuffled.add(name, tiny.at(name));
  write_safetensors(directory / "x.safetensors", shuffled);
  EXPECT_EQ(read_file(directory / "x.safetensors", 1000), read_file(path, 1000));
}

TEST(Safetensors, KeepsEveryDTypeTheMetadataAndLogicalOrder) {
  StateDict written;
  for (const DType dtype : {DType::f32, DType::f64, DType::bf16, DType::f16, DType::i64, DType::i32,
                            DType::u8, DType::boolean}) {
    const Tensor tensor = empty({3}, {.dtype = dtype});
    copy_into(from_vector<double>({0, 1, 2}, {3}), tensor);
    written.add(name_of(dtype), tensor);
  }
  const Tensor rows = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  written.add("transposed \"\xc3\xa9\"", rows.view_of_storage({3, 2}, {1, 3}, 0));
  written.metadata() = {{"classes", "[\"cat\"]\n"}, {"format", "smtrain"}};

  const test::TemporaryDirectory directory;
  write_safetensors(directory / "x.safetensors", written);
  const StateDict read = read_safetensors(directory / "x.safetensors");
  EXPECT_EQ(read.metadata(), written.metadata());
  ASSERT_EQ(read.size(), written.size());
  for (const auto& [name, tensor] : written) {
    EXPECT_EQ(read.at(name).dtype(), tensor.dtype());
    EXPECT_EQ(read.at(name).shape(), tensor.shape());
    EXPECT_EQ(read.at(name).to_vector<double>(), tensor.to_vector<double>()) << name;
  }
  EXPECT_THAT(read.at("transposed \"\xc3\xa9\"").to_vector<float>(), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Safetensors, AnEmptyStateDictIsAFile) {
  const test::TemporaryDirectory directory;
  write_safetensors(directory / "x.safetensors", StateDict());
  EXPECT_TRUE(read_safetensors(directory / "x.safetensors").empty());
}

TEST(Safetensors, RefusesToWriteWhatCantBeRead) {
  const test::TemporaryDirectory directory;
  StateDict reserved, binary;
  reserved.add("__metadata__", empty({1}));
  binary.add("\xff", empty({1}));
  EXPECT_THAT([&] { write_safetensors(directory / "x", reserved); },
              ThrowsMessage<std::invalid_argument>(
                  "write_safetensors: '__metadata__' can't be the name of a tensor"));
  EXPECT_THAT(
      [&] { write_safetensors(directory / "x", binary); },
      ThrowsMessage<std::invalid_argument>("write_safetensors: names and metadata must be UTF-8"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(SafetensorsErrors, LyingSizes) {
  const std::string f32 = R"("dtype":"F32","shape":)";
  expect_refused("1234567", "x: header length needs 8 bytes at offset 0, 7 are left");
  expect_refused(test::little8(100'000'001),
                 "x: a header of 100000001 bytes, expected at most 100000000");
  expect_refused(test::little8(5) + "{}", "x: header needs 5 bytes at offset 8, 2 are left");
  expect_refused(file_of(one(f32 + R"([2],"data_offsets":[0,4])"), 4),
                 "x: tensor 'a' of shape [2] and dtype f32 needs 8 bytes, its data_offsets are "
                 "[0, 4]");
  expect_refused(file_of(one(f32 + R"([1],"data_offsets":[8,4])"), 4),
                 "x: tensor 'a' of shape [1] and dtype f32 needs 4 bytes, its data_offsets are "
                 "[8, 4]");
  expect_refused(file_of(one(f32 + R"([4611686018427387904,2],"data_offsets":[0,0])"), 0),
                 "x: tensor 'a' of shape [4611686018427387904, 2] fits no memory");
  expect_refused(file_of(one(f32 + R"([0,4611686018427387904,2],"data_offsets":[0,0])"), 0),
                 "x: tensor 'a' of shape [0, 4611686018427387904, 2] fits no memory");
  expect_refused(file_of(one(f32 + R"([9223372036854775808],"data_offsets":[0,0])"), 0),
                 "x: tensor 'a' has a dimension of size 9223372036854775808");
  expect_refused(file_of(one(f32 + R"([1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])"), 4),
                 "x: tensor 'a' has more than 8 dimensions");
  expect_refused(file_of(one(f32 + R"([1000000000000],"data_offsets":[0,4000000000000])"), 4),
                 "x: the tensors take 4000000000000 bytes, the file has 4 after the header");
}

TEST(SafetensorsErrors, HolesAndOverlaps) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
           R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
  };
  EXPECT_EQ(read(file_of(two("[2,4]", "[0,2]"), 4)).size(), 2u);
  const std::string rule = ": the tensors must follow each other without holes or overlaps";
  expect_refused(file_of(two("[0,2]", "[3,5]"), 5), "x: tensor 'b' begins at 3, expected 2" + rule);
  expect_refused(file_of(two("[0,2]", "[1,3]"), 3), "x: tensor 'b' begins at 1, expected 2" + rule);
  expect_refused(file_of(two("[1,3]", "[3,5]"), 5), "x: tensor 'a' begins at 1, expected 0" + rule);
  expect_refused(file_of(two("[0,2]", "[2,4]"), 5),
                 "x: the tensors take 4 bytes, the file has 5 after the header");
}

TEST(SafetensorsErrors, HeadersThatAreNot) {
  const std::string rest = R"("shape":[],"data_offsets":[0,4])";
  expect_refused(file_of(" {}", 0), "x: the header does not begin with '{'");
  expect_refused(file_of("{\"a\"", 0), "x: the header is not valid JSON at its byte 5");
  expect_refused(file_of("{\"\xff\":1}", 0), "x: the header is not valid JSON at its byte 3");
  expect_refused(file_of("{} {}", 0), "x: the header is not valid JSON at its byte 4");
  expect_refused(file_of("{\"a\":1}", 0), "x: the header: 'a' can't be a number");
  expect_refused(file_of("{\"a\":[[", 0), "x: the header: 'a' can't be an array");
  expect_refused(file_of(R"({"__metadata__":{"a":null}})", 0),
                 "x: __metadata__: 'a' can't be null");
  expect_refused(file_of(R"({"__metadata__":{"a":"","a":""}})", 0),
                 "x: __metadata__ has 'a' twice");
  expect_refused(file_of(one(R"("dtype":"F32",)" + rest + R"(},"a":{)" + rest), 4),
                 "x: the header has 'a' twice");
  expect_refused(file_of(one(rest + "," + rest), 4), "x: tensor 'a' has 'shape' twice");
  expect_refused(file_of(one(R"("color":1)"), 4), "x: tensor 'a' has an unknown member 'color'");
  expect_refused(file_of(one(rest), 4), "x: tensor 'a' has no dtype");
  expect_refused(file_of(one(R"("dtype":"F32","shape":[],"data_offsets":[0])"), 4),
                 "x: tensor 'a' has 1 data_offsets, expected 2");
  expect_refused(file_of(one(R"("dtype":"F32","shape":[],"data_offsets":[0,1,2])"), 4),
                 "x: tensor 'a' has more than 2 data_offsets");
  expect_refused(file_of(one(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4),
                 "x: tensor 'a': 'shape' can't be a negative number");
  expect_refused(file_of(one(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,4])"), 4),
                 "x: tensor 'a': 'shape' can't be a fraction");
  expect_refused(file_of(one(R"("dtype":"F32","shape":[[]],"data_offsets":[0,4])"), 4),
                 "x: tensor 'a': 'shape' can't be an array");
}

TEST(SafetensorsErrors, DTypesTheEngineLacks) {
  for (const std::string dtype : {"I8", "I16", "U16", "U32", "U64", "F8_E4M3", "F8_E5M2", "f32"}) {
    expect_refused(file_of(one("\"dtype\":\"" + dtype + R"(","shape":[],"data_offsets":[0,4])"), 4),
                   "x: tensor 'a' has dtype " + dtype +
                       ", expected one of F32, F64, BF16, F16, I64, I32, U8 and BOOL");
  }
  std::string file = file_of(one(R"("dtype":"BOOL","shape":[1],"data_offsets":[0,1])"), 1);
  file.back() = 7;
  expect_refused(file, "x: tensor 'a': holds the byte 7 where a bool is 0 or 1");
}

TEST(SafetensorsErrors, TruncatedAnywhere) {
  const auto bytes = read_file(test::golden("files/tiny.safetensors"), 1000);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(read_safetensors(std::span(bytes).first(size), "x"), std::runtime_error) << size;
  }
}

}  // namespace
}  // namespace smtrain::nn
