// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/protobuf.h"

#include "smtrain/tests/memory_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::ThrowsMessage;

std::string written(const ProtobufWriter& message) {
  test::MemoryWriter out;
  message.write(out);
  EXPECT_EQ(out.size(), message.size());
  return out.text();
}

TEST(Protobuf, WritesTheBytesOfItsSpecification) {
  EXPECT_EQ(written(ProtobufWriter().integer(1, 150)), "\x08\x96\x01");
  EXPECT_EQ(written(ProtobufWriter().text(2, "testing")), "\x12\x07testing");
  EXPECT_EQ(written(ProtobufWriter().message(3, ProtobufWriter().integer(1, 150))),
            "\x1a\x03\x08\x96\x01");
  EXPECT_EQ(written(ProtobufWriter().integer(1, -2)),
            "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(written(ProtobufWriter().real(2, 1.5)), "\x15\0\0\xc0\x3f"s);
  EXPECT_EQ(written(ProtobufWriter().integer(20, 1)), "\xa0\x01\x01");
}

TEST(Protobuf, WritesLargeContentsWhenTheyAreDue) {
  const auto write = [](const char* text) {
    return [text](FileWriter& out) { out.write(std::string_view(text)); };
  };
  ProtobufWriter inner;
  inner.text(1, "a").later(2, 3, write("bcd")).later(3, 2, write("ef")).text(4, "g");
  const std::string expected = "\x0a\x01"s + "a\x12\x03"s + "bcd\x1a\x02"s + "ef\x22\x01"s + "g";
  EXPECT_EQ(written(inner), expected);
  EXPECT_EQ(written(ProtobufWriter().integer(1, 0).message(7, inner).integer(2, 1)),
            "\x08\0\x3a"s + static_cast<char>(expected.size()) + expected + "\x10\x01");
}

TEST(Protobuf, ReadsWhatItWrites) {
  const std::string message = written(ProtobufWriter()
                                          .integer(1, -5)
                                          .real(2, 0.25)
                                          .text(3, "name")
                                          .text(4, "\x01\x96\x01\x7f")
                                          .integer(4, 9));
  ProtobufReader in(bytes_of(message), "x");
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.number(), 1u);
  EXPECT_EQ(in.integer("i"), -5);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.real("f"), 0.25f);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.text("s"), "name");
  std::vector<int64_t> integers;  // packed, then one alone
  while (in.next()) in.for_each_integer("ints", [&](int64_t i) { integers.push_back(i); });
  EXPECT_THAT(integers, ElementsAre(1, 150, 127, 9));
}

TEST(Protobuf, NamesWhatIsWrong) {
  const auto refuses = [](const std::string& bytes, const std::string& message) {
    const auto read = [&] {
      for (ProtobufReader in(bytes_of(bytes), "x"); in.next();) in.integer("size");
    };
    EXPECT_THAT(read, ThrowsMessage<BadInput>(message));
  };
  refuses("\x08", "x: integer needs 1 bytes at offset 1, 0 are left");
  refuses("\x08\x80", "x: integer needs 1 bytes at offset 2, 0 are left");
  refuses("\x08" + std::string(9, '\xff') + "\x02",
          "x: integer at offset 1 is no integer of 64 bits");
  refuses("\x08" + std::string(11, '\xff'), "x: integer at offset 1 is no integer of 64 bits");
  refuses(
      "\x0a\x05"
      "abc",
      "x: field needs 5 bytes at offset 2, 3 are left");
  refuses("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
          "x: field needs 18446744073709551615 bytes at offset 11, 0 are left");
  refuses("\x0b", "x: field 1 at offset 0 has wire type 3, expected 0, 1, 2 or 5");
  refuses(
      "\x0a\x01"
      "a",
      "x: size has wire type 2, expected 0");
  refuses("\x0d\x01\x02\x03", "x: number needs 4 bytes at offset 1, 3 are left");
}

}  // namespace
}  // namespace smtrain
