// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/npy.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npz.h"
#include "smtrain/tests/shared_data.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace smtrain {
namespace {

using test::golden;
using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

/// A version 1.0 file with this header text and data.
std::vector<uint8_t> npy_of(const std::string& header, const std::string& data = "") {
  const std::string text = std::string("\x93NUMPY\1\0", 8) +
                           static_cast<char>(header.size() & 0xff) +
                           static_cast<char>(header.size() >> 8) + header + data;
  return {text.begin(), text.end()};
}

std::string header_of(const std::string& descr, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n";
}

template <typename T>
std::vector<T> values_of(const Array& array) {
  EXPECT_EQ(array.dtype, dtype_of<T>);
  return {array.values<T>().begin(), array.values<T>().end()};
}

TEST(Npy, ReadsNumPysFiles) {
  const Array fortran = read_npy(golden("files/f_order.npy"));
  EXPECT_EQ(fortran.shape, (Shape{2, 3}));
  EXPECT_THAT(values_of<float>(fortran), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(values_of<int32_t>(read_npy(golden("files/big_endian.npy"))),
              ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(values_of<int32_t>(read_npy(golden("files/v2.npy"))), ElementsAre(0, 1, 2));
}

TEST(Npy, ReadsArchives) {
  const auto arrays = read_npz(golden("files/deflated.npz"));
  ASSERT_EQ(arrays.size(), 4u);
  EXPECT_EQ(values_of<int64_t>(arrays.at("a"))[99], 99);
  EXPECT_EQ(arrays.at("b").shape, (Shape{3, 4}));
  EXPECT_EQ(arrays.at("c").shape, Shape{});
  EXPECT_THAT(values_of<double>(arrays.at("c")), ElementsAre(2.5));
  EXPECT_THAT(values_of<bool>(read_npz_array(golden("files/deflated.npz"), "d")),
              ElementsAre(true, false));
  EXPECT_THAT(
      [] { read_npz_array(golden("files/deflated.npz"), "x_train"); },
      ThrowsMessage<std::runtime_error>(golden("files/deflated.npz").string() +
                                        ": no array 'x_train' in it, there are: a, b, c, d"));
}

TEST(Npy, WidensWhatHasNoDType) {
  const auto one = [](const std::string& descr, const std::string& data) {
    return parse_npy(npy_of(header_of("'" + descr + "'", "(1,)"), data), "x.npy");
  };
  EXPECT_THAT(values_of<int32_t>(one("|i1", "\xff")), ElementsAre(-1));
  EXPECT_THAT(values_of<int32_t>(one("<i2", "\xfe\xff")), ElementsAre(-2));
  EXPECT_THAT(values_of<int32_t>(one(">i2", "\xff\xfe")), ElementsAre(-2));
  EXPECT_THAT(values_of<int32_t>(one("<u2", "\xfe\xff")), ElementsAre(65534));
  EXPECT_THAT(values_of<int64_t>(one("<u4", "\xff\xff\xff\xff")), ElementsAre(4294967295));
  EXPECT_THAT(values_of<int64_t>(one("<u8", std::string("\x01\0\0\0\0\0\0\0", 8))), ElementsAre(1));
  EXPECT_THAT(values_of<uint8_t>(one("|u1", "\xff")), ElementsAre(255));
  EXPECT_THAT(values_of<bool>(one("|b1", "\x02")), ElementsAre(true));
  EXPECT_THAT(values_of<double>(one(">f8", std::string("\x40\x04\0\0\0\0\0\0", 8))),
              ElementsAre(2.5));
  EXPECT_EQ(static_cast<float>(one("<f2", std::string("\0\x3c", 2)).values<Float16>()[0]), 1.0f);
  EXPECT_EQ(values_of<int64_t>(one("=i8", std::string("\x05\0\0\0\0\0\0\0", 8))),
            std::vector<int64_t>{5});
  EXPECT_THAT(
      [&] { one("<u8", "\xff\xff\xff\xff\xff\xff\xff\xff"); },
      ThrowsMessage<std::runtime_error>(
          "x.npy: element 0 is 18446744073709551615, above the largest 64-bit signed number"));
}

TEST(Npy, ReadsOldAndUnusualHeaders) {
  const auto shape = [](const std::string& header, const std::string& data) {
    return parse_npy(npy_of(header, data), "x.npy").shape;
  };
  EXPECT_EQ(shape("{'shape': (3L,), 'fortran_order': True, 'descr': \"|u1\"}", "abc"), Shape{3});
  EXPECT_EQ(shape(header_of("'|u1'", "(2, 0, 3)"), ""), (Shape{2, 0, 3}));
  EXPECT_EQ(shape(header_of("'|u1'", "()"), "a"), Shape{});
}

TEST(Npy, PutsThreeFortranDimensionsInOrder) {
  const std::string header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }\n";
  const Array array = parse_npy(npy_of(header, "abcdefghijkl"), "x.npy");
  // Element (i, j, k) is stored at i + 2 j + 6 k.
  EXPECT_THAT(values_of<uint8_t>(array),
              ElementsAre('a', 'g', 'c', 'i', 'e', 'k', 'b', 'h', 'd', 'j', 'f', 'l'));
}

TEST(Npy, NamesWhatIsWrong) {
  const auto refuses = [](const std::vector<uint8_t>& file, const std::string& message) {
    EXPECT_THAT([&] { parse_npy(file, "x.npy"); }, ThrowsMessage<std::runtime_error>(message));
  };
  refuses({}, "x.npy: not a .npy file (it does not begin with \\x93NUMPY)");
  refuses({'P', 'K', 3, 4, 0, 0, 0, 0},
          "x.npy: not a .npy file (it does not begin with \\x93NUMPY)");
  auto newer = npy_of(header_of("'|u1'", "()"), "a");
  newer[6] = 4;
  refuses(newer, "x.npy: .npy version 4.0 is not known, expected 1.0, 2.0 or 3.0");
  refuses(npy_of(header_of("'|O'", "(1,)"), "x"),
          "x.npy: arrays of Python objects are not supported");
  refuses(npy_of(header_of("[('a', '<f4')]", "(1,)"), "xxxx"),
          "x.npy: structured arrays (several named fields per element) are not supported");
  refuses(npy_of(header_of("'<c8'", "(1,)")),
          "x.npy: element type '<c8' is not supported, expected f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 "
          "or b1");
  refuses(npy_of(header_of("'<f4'", "(2, 3)"), "abcd"),
          "x.npy: shape [2, 3] needs 24 bytes of data, the file has 4");
  refuses(npy_of(header_of("'<f4'", "(1,)"), "abcdefgh"),
          "x.npy: shape [1] needs 4 bytes of data, the file has 8");
  refuses(npy_of(header_of("'<f4'", "(4294967296, 4294967296)")),
          "x.npy: shape [4294967296, 4294967296] is too large for any memory");
  refuses(npy_of(header_of("'<f4'", "(-1,)")),
          "x.npy: header: expected a dimension of 0 to 2^63-1 at character 51 of its text");
  refuses(npy_of(header_of("'<f4'", "(1, 1, 1, 1, 1, 1, 1, 1, 1)")),
          "x.npy: more than 8 dimensions");
  refuses(npy_of("{'descr': '<f4', 'shape': (1,)}"),
          "x.npy: the header lacks one of 'descr', 'fortran_order', 'shape'");
  refuses(npy_of("{'descr': '<f4', 'descr': '<f4'}"),
          "x.npy: unexpected or repeated key 'descr' in the header");
  refuses(npy_of("{'descr': '<f4', 'fortran_order': 1}"),
          "x.npy: header: expected True or False at character 34 of its text");
  auto cut = npy_of(header_of("'|u1'", "()"), "a");
  cut.resize(30);
  refuses(cut, "x.npy: header needs 56 bytes at offset 10, 20 are left");
}

TEST(Npy, WritesWhatItReads) {
  const TemporaryDirectory directory;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 0}, Shape{2, 3, 4}}) {
    for (const DType dtype :
         {DType::f32, DType::f64, DType::f16, DType::i64, DType::i32, DType::u8, DType::boolean}) {
      Array array{dtype, shape,
                  std::vector<uint8_t>(static_cast<size_t>(shape.numel()) * size_of(dtype), 1)};
      write_npy(directory / "x.npy", array);
      const Array back = read_npy(directory / "x.npy");
      EXPECT_EQ(back.dtype, dtype);
      EXPECT_EQ(back.shape, shape);
      EXPECT_EQ(back.bytes, array.bytes);
    }
  }
  EXPECT_THAT(
      [&] {
        write_npy(directory / "y.npy", {DType::bf16, Shape{}, {0, 0}});
      },
      ThrowsMessage<std::invalid_argument>("npy: NumPy has no bf16; convert to f32 first"));
}

TEST(Npy, WritesNumPysBytes) {
  const TemporaryDirectory directory;
  // np.save of np.arange(3, dtype='<i4').reshape(3, 1), NumPy 1.24
  const std::string dict = "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 1), }";
  const auto expected = npy_of(dict + std::string(128 - 10 - dict.size() - 1, ' ') + "\n",
                               std::string("\0\0\0\0\1\0\0\0\2\0\0\0", 12));
  write_npy(directory / "x.npy", {DType::i32, Shape{3, 1}, {0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}});
  EXPECT_EQ(read_file(directory / "x.npy", 1000), expected);
}

TEST(Npz, WritesWhatItReads) {
  const TemporaryDirectory directory;
  const std::map<std::string, Array> arrays = {
      {"a/x.y", {DType::i32, Shape{2}, {1, 0, 0, 0, 2, 0, 0, 0}}},
      {"empty", {DType::f32, Shape{0, 3}, {}}},
      {"scalar", {DType::u8, Shape{}, {7}}}};
  write_npz(directory / "x.npz", arrays);
  const auto back = read_npz(directory / "x.npz");
  ASSERT_EQ(back.size(), 3u);
  for (const auto& [name, array] : arrays) {
    EXPECT_EQ(back.at(name).dtype, array.dtype) << name;
    EXPECT_EQ(back.at(name).shape, array.shape) << name;
    EXPECT_EQ(back.at(name).bytes, array.bytes) << name;
  }
}

}  // namespace
}  // namespace smtrain
