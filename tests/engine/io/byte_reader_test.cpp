// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/byte_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace smtrain {
namespace {

using ::testing::ThrowsMessage;

TEST(ByteReader, ReadsBothByteOrders) {
  const std::vector<uint8_t> bytes = {0x01, 0x02, 0x03, 0x84, 0xff, 0xfe, 'h', 'i'};
  ByteReader in(bytes, "file");
  EXPECT_EQ(in.little<uint32_t>("n"), 0x84030201u);
  in.seek(0, "n");
  EXPECT_EQ(in.big<uint32_t>("n"), 0x01020384u);
  EXPECT_EQ(in.little<int16_t>("n"), -257);
  EXPECT_EQ(in.take_text(2, "text"), "hi");
  EXPECT_EQ(in.remaining(), 0u);
  in.seek(0, "n");
  EXPECT_EQ(in.big<uint64_t>("n"), 0x01020384fffe6869u);
}

TEST(ByteReader, NamesWhatDoesNotFit) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 4, 5};
  ByteReader in(bytes, "file");
  in.take(3, "header");
  EXPECT_THAT(
      [&] { in.little<uint32_t>("count"); },
      ThrowsMessage<std::runtime_error>("file: count needs 4 bytes at offset 3, 2 are left"));
  EXPECT_THAT([&] { in.take(~uint64_t{0}, "data"); },
              ThrowsMessage<std::runtime_error>(
                  "file: data needs 18446744073709551615 bytes at offset 3, 2 are left"));
  EXPECT_THAT(
      [&] { in.seek(6, "index"); },
      ThrowsMessage<std::runtime_error>("file: index lies at offset 6, beyond the end (5 bytes)"));
  EXPECT_EQ(in.offset(), 3u);
}

}  // namespace
}  // namespace smtrain
