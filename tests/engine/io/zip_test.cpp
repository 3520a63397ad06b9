// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/zip.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/little_endian.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <stdexcept>

namespace smtrain {
namespace {

using test::golden;
using test::little;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// What an archive states about its one stored entry; each test lies about one thing.
struct Claims {
  std::string name = "a";
  std::string content = "hello";
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t size = 5;
  uint32_t packed_size = 5;
  uint32_t header_offset = 0;
  std::string extra;
  uint16_t entries = 1;
  int copies = 1;  // of the central entry
};

std::string zip_of(const Claims& claims) {
  const auto crc = crc32_z(0, bytes_of(claims.content).data(), claims.content.size());
  std::string zip = "PK\3\4" + std::string(22, '\0') + little(claims.name.size(), 2) +
                    little(0, 2) + claims.name + claims.content;
  const size_t directory = zip.size();
  for (int i = 0; i < claims.copies; ++i) {
    zip += "PK\1\2" + little(0, 4) + little(claims.flags, 2) + little(claims.method, 2) +
           little(0, 4) + little(crc, 4) + little(claims.packed_size, 4) + little(claims.size, 4) +
           little(claims.name.size(), 2) + little(claims.extra.size(), 2) + little(0, 2) +
           little(0, 8) + little(claims.header_offset, 4) + claims.name + claims.extra;
  }
  const size_t directory_size = zip.size() - directory;
  return zip + "PK\5\6" + little(0, 4) + little(claims.entries, 2) + little(claims.entries, 2) +
         little(directory_size, 4) + little(directory, 4) + little(0, 2);
}

std::string first_entry(const std::string& zip) {
  const ZipReader reader(bytes_of(zip), "x.zip");
  const auto content = reader.read(reader.entries().at(0));
  return {content.begin(), content.end()};
}

TEST(ZipReader, ReadsNumPysDeflatedArchive) {
  const MappedFile file(golden("files/deflated.npz"));
  const ZipReader zip(file.bytes(), "deflated.npz");
  ASSERT_EQ(zip.entries().size(), 4u);
  EXPECT_EQ(zip.entries()[0].name, "a.npy");
  EXPECT_EQ(zip.entries()[0].method, 8);
  const auto content = zip.read(*zip.find("a.npy"));
  ASSERT_EQ(content.size(), 128 + 800u);
  EXPECT_EQ(content[1], 'N');
  EXPECT_EQ(content[128 + 99 * 8], 99);
  EXPECT_EQ(zip.find("a"), nullptr);
}

TEST(ZipReader, ReadsTorchsZip64Archive) {
  const MappedFile file(golden("files/state_dict_zip.pth"));
  const ZipReader zip(file.bytes(), "state_dict_zip.pth");
  const ZipEntry* version = zip.find("state_dict_zip/version");
  ASSERT_NE(version, nullptr);
  EXPECT_THAT(zip.read(*version), ElementsAre('3', '\n'));
}

TEST(ZipReader, ReadsStoredEntriesAndZip64Extras) {
  EXPECT_EQ(first_entry(zip_of({})), "hello");
  const std::string extra =
      "XX" + little(2, 2) + "??" + little(1, 2) + little(16, 2) + little(5, 8) + little(5, 8);
  EXPECT_EQ(first_entry(zip_of({.size = ~0u, .packed_size = ~0u, .extra = extra})), "hello");
  const ZipReader empty(bytes_of("PK\5\6" + std::string(18, '\0')), "x.zip");
  EXPECT_TRUE(empty.entries().empty());
}

TEST(ZipReader, RefusesLies) {
  const auto refuses = [](const Claims& claims, const std::string& message) {
    const std::string zip = zip_of(claims);
    EXPECT_THAT([&] { first_entry(zip); }, ThrowsMessage<std::runtime_error>(message));
  };
  refuses({.flags = 1}, "x.zip: entry 'a' is encrypted");
  refuses({.method = 12},
          "x.zip: entry 'a' uses compression method 12, expected 0 (stored) or 8 (deflated)");
  refuses({.size = 6}, "x.zip: entry 'a' claims 6 bytes, impossible for 5 stored bytes");
  refuses({.method = 8, .size = 4000000000},
          "x.zip: entry 'a' claims 4000000000 bytes, impossible for 5 deflated bytes");
  refuses({.size = 5000, .packed_size = 5000},
          "x.zip: entry 'a' and those before it are larger than the archive (105 bytes)");
  refuses({.header_offset = 1},
          "x.zip: entry 'a': expected a zip local header at offset 1, found something else");
  refuses({.header_offset = 4000},
          "x.zip: entry 'a': local header lies at offset 4000, beyond the end (105 bytes)");
  refuses({.entries = 3}, "x.zip: the end record claims 3 entries, there is room for 1");
  refuses({.entries = 2, .copies = 2}, "x.zip: entry 'a' appears twice");
  refuses({.size = ~0u, .packed_size = ~0u, .extra = little(1, 2) + little(4, 2) + "1234"},
          "x.zip: extra field of 'a': zip64 value needs 8 bytes at offset 0, 4 are left");
}

TEST(ZipReader, RefusesDamage) {
  std::string zip = zip_of({});
  zip[zip.find("hello")] = 'j';
  EXPECT_THAT(
      [&] { first_entry(zip); },
      ThrowsMessage<std::runtime_error>("x.zip: entry 'a': CRC mismatch, the archive is damaged"));

  const MappedFile file(golden("files/deflated.npz"));
  std::vector<uint8_t> bytes(file.bytes().begin(), file.bytes().end());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(
        [&] { ZipReader(std::span(bytes).first(size), "x.zip"); },
        ThrowsMessage<std::runtime_error>(HasSubstr("x.zip: not a zip archive, or truncated")))
        << size;
  }
}

}  // namespace
}  // namespace smtrain
