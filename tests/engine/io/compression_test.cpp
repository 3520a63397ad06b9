// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/compression.h"

#include "smtrain/engine/io/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace smtrain {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string unpack(std::span<const uint8_t> packed, size_t size) {
  Decompressor source(packed, Compression::gzip, "file.gz");
  std::string text(size, '?');
  const size_t got = source.read({reinterpret_cast<uint8_t*>(text.data()), size});
  return text.substr(0, got);
}

std::vector<uint8_t> joined(std::vector<uint8_t> first, const std::vector<uint8_t>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST(Gzip, ComesBack) {
  for (const size_t size : {0, 1, 1000, 300000}) {
    std::string text(size, 'a');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i % 251);
    EXPECT_EQ(unpack(gzip(bytes_of(text)), size + 1), text);
    EXPECT_EQ(gzip(bytes_of(text)), gzip(bytes_of(text)));
  }
}

TEST(Decompressor, ReadsInPieces) {
  const auto packed = gzip(bytes_of("abcdefg"));
  Decompressor source(packed, Compression::gzip, "file.gz");
  uint8_t piece[3];
  EXPECT_EQ(source.read(piece), 3u);
  EXPECT_EQ(source.read(piece), 3u);
  EXPECT_EQ(source.read(piece), 1u);
  EXPECT_EQ(piece[0], 'g');
  EXPECT_EQ(source.read(piece), 0u);
}

TEST(Decompressor, ReadsPiecesSmallerAndLargerThanDeflatesWindow) {
  std::string text(300000, 'a');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i / 7 % 251);
  const auto packed = gzip(bytes_of(text));
  for (const size_t size : {1, 31, 4099, 32768, 65537, 299999}) {
    Decompressor source(packed, Compression::gzip, "file.gz");
    std::vector<uint8_t> piece(size);
    std::string unpacked;
    while (const size_t got = source.read(piece))
      unpacked.append(piece.begin(), piece.begin() + got);
    EXPECT_EQ(unpacked, text) << size;
  }
}

TEST(Decompressor, PassesStoredBytesThrough) {
  Decompressor source(bytes_of("abc"), Compression::none, "file");
  uint8_t piece[2];
  EXPECT_EQ(source.read(piece), 2u);
  EXPECT_EQ(source.read(piece), 1u);
  EXPECT_EQ(source.read(piece), 0u);
}

TEST(Decompressor, JoinsMembersAndIgnoresPadding) {
  const auto two = joined(gzip(bytes_of("ab")), gzip(bytes_of("cd")));
  EXPECT_EQ(unpack(two, 100), "abcd");
  EXPECT_EQ(unpack(joined(two, {0, 0, 0}), 100), "abcd");
}

TEST(Decompressor, RefusesWhatFollowsTheEnd) {
  const auto packed = gzip(bytes_of("ab"));
  EXPECT_THAT(
      [&] {
        unpack(joined(packed, {'x', 'y'}), 100);
      },
      ThrowsMessage<std::runtime_error>(
          "file.gz: 2 bytes that are no compressed data follow its end at byte 22"));
}

TEST(Decompressor, RefusesTruncation) {
  const auto packed = gzip(bytes_of(std::string(1000, 'x') + "yz"));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_THAT([&] { unpack(std::span(packed).first(size), 2000); },
                ThrowsMessage<std::runtime_error>("file.gz: compressed data end early, after " +
                                                  std::to_string(size) + " bytes"));
  }
}

TEST(Decompressor, RefusesDamage) {
  for (const size_t from_end : {8, 4}) {  // the CRC, the length
    auto packed = gzip(bytes_of(std::string(1000, 'x')));
    packed[packed.size() - from_end] ^= 1;
    EXPECT_THAT([&] { unpack(packed, 2000); },
                ThrowsMessage<std::runtime_error>(
                    "file.gz: damaged compressed data near byte 29: checksum or length of the "
                    "unpacked data differ"));
  }
  EXPECT_THAT(
      [&] { unpack(bytes_of("not gzip at all"), 10); },
      ThrowsMessage<std::runtime_error>(HasSubstr("file.gz: damaged compressed data near byte")));
}

}  // namespace
}  // namespace smtrain
