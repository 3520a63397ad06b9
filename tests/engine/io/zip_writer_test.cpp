// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/zip_writer.h"

#include "smtrain/engine/io/zip.h"
#include "smtrain/tests/memory_writer.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

class ZipWriterGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(ZipWriterGoldens, GivesTorchsBytesForTorchsRecords) {
  const std::string folder = GetParam();
  const MappedFile file(test::golden("files/" + folder + ".pth"));
  const ZipReader zip(file.bytes(), folder);
  test::MemoryWriter out;
  ZipWriter writer(out, ZipLayout::pytorch);
  for (const ZipEntry& entry : zip.entries()) writer.add(entry.name, zip.read(entry));
  writer.finish();
  const std::string expected(file.bytes().begin(), file.bytes().end());
  EXPECT_TRUE(out.text() == expected);
}

INSTANTIATE_TEST_SUITE_P(Files, ZipWriterGoldens,
                         ::testing::Values("state_dict_zip", "checkpoint_zip", "odd_tensors_zip"),
                         [](const auto& file) { return file.param; });

TEST(ZipWriter, DataBeginAtMultiplesOf64) {
  for (size_t length = 1; length < 70; ++length) {
    test::MemoryWriter out;
    ZipWriter writer(out, ZipLayout::pytorch);
    writer.add(std::string(length, 'n') + "/a", bytes_of("first"));
    EXPECT_EQ(out.text().find("first") % 64, 0u) << length;
    writer.add(std::string(length, 'n') + "/b", bytes_of("second"));
    EXPECT_EQ(out.text().find("second") % 64, 0u) << length;
    writer.finish();
    const ZipReader zip(bytes_of(out.text()), "x");
    EXPECT_EQ(zip.read(zip.entries()[1]).size(), 6u);
  }
}

TEST(ZipWriter, PlacesBeyond4GiBAreIn64Bits) {
  test::MemoryWriter out(0x1'2345'6780);
  ZipWriter writer(out, ZipLayout::pytorch);
  writer.add("x/a", bytes_of("abc"));
  writer.finish();
  using namespace std::string_literals;
  const std::string extra = "\1\0\x08\0\x80\x67\x45\x23\1\0\0\0"s;  // zip64, 8 bytes: the place
  EXPECT_THAT(out.text(), HasSubstr("x/a" + extra + "FB"));         // local header
  EXPECT_EQ((0x1'2345'6780 + out.text().find("abc")) % 64, 0u);
  EXPECT_THAT(out.text(), HasSubstr("\3\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0PK\1\2"s));  // descriptor
  EXPECT_THAT(out.text(), HasSubstr("\xff\xff\xff\xffx/a" + extra + "PK\6\6"));   // central entry
}

TEST(ZipWriter, PlainEntriesSayTheirSizesFirst) {
  test::MemoryWriter out;
  ZipWriter writer(out, ZipLayout::plain);
  writer.add("a/b", {bytes_of("12345"), bytes_of("6789")});
  writer.add("empty", bytes_of(""));
  writer.finish();
  using namespace std::string_literals;
  // The CRC-32 of "123456789" is the one by which such sums are known: cbf43926.
  const std::string sums = "\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0"s;
  EXPECT_THAT(out.text(),
              StartsWith("PK\3\4\0\0\0\x08\0\0\0\0\0\0"s + sums + "\3\0\0\0a/b123456789PK\3\4"s));
  const ZipReader zip(bytes_of(out.text()), "x");
  ASSERT_EQ(zip.entries().size(), 2u);
  EXPECT_EQ(zip.entries()[0].name, "a/b");
  EXPECT_EQ(zip.read(zip.entries()[0]).size(), 9u);
  EXPECT_EQ(zip.entries()[1].size, 0u);
}

TEST(ZipWriter, RefusesNamesThatAreTooLong) {
  test::MemoryWriter out;
  ZipWriter writer(out, ZipLayout::plain);
  EXPECT_THAT([&] { writer.add(std::string(65536, 'n'), bytes_of("")); },
              ThrowsMessage<std::invalid_argument>(
                  "ZipWriter: a name of 65536 bytes, expected at most 65535"));
}

}  // namespace
}  // namespace smtrain
