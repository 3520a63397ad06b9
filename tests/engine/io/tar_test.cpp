// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/tar.h"

#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/tar.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace smtrain {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::ThrowsMessage;

using test::archive;
using test::entry;

namespace fs = std::filesystem;

std::map<std::string, std::string> contents(const std::vector<uint8_t>& bytes) {
  std::map<std::string, std::string> files;
  read_tar_gz(bytes, "a.tar.gz", [&](const TarEntry& e, const TarReader& read) {
    std::string text(e.size, '\0');
    read({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    files[e.name] = e.is_folder ? "a folder" : text;
  });
  return files;
}

auto reading(const std::string& entries) {
  return [=] { contents(archive(entries)); };
}

TEST(Tar, HoldsFilesAndFolders) {
  EXPECT_THAT(contents(archive(entry("./", "", '5') + entry("./a", "one") + entry("b/", "", '5') +
                               entry("b/c", std::string(513, 'x')) + entry("empty", ""))),
              ElementsAre(Pair("", "a folder"), Pair("a", "one"), Pair("b", "a folder"),
                          Pair("b/c", std::string(513, 'x')), Pair("empty", "")));
  EXPECT_THAT(contents(archive("")), testing::IsEmpty());
  EXPECT_THAT(contents(gzip({})), testing::IsEmpty());
}

TEST(Tar, LongNamesOfPaxAndGnu) {
  const std::string name = std::string(150, 'd') + "/" + std::string(150, 'f');
  const std::string record = " path=" + name + "\n";
  const std::string pax = std::to_string(record.size() + 3) + record;
  EXPECT_THAT(contents(archive(entry("PaxHeaders/f", pax, 'x') + entry("cut", "one"))),
              ElementsAre(Pair(name, "one")));
  EXPECT_THAT(contents(archive(entry("././@LongLink", name + '\0', 'L') + entry("cut", "one"))),
              ElementsAre(Pair(name, "one")));
}

TEST(Tar, LeavesLinksAndDevicesOut) {
  EXPECT_THAT(contents(archive(entry("link", "", '2') + entry("device", "", '3') +
                               entry("hard", "", '1') + entry("a", "one"))),
              ElementsAre(Pair("a", "one")));
}

TEST(Tar, WhatAnEntryLeavesIsSkipped) {
  std::vector<std::string> names;
  read_tar_gz(archive(entry("a", std::string(2000, 'x')) + entry("b", "two")), "a.tar.gz",
              [&](const TarEntry& e, const TarReader&) { names.push_back(e.name); });
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

TEST(Tar, RefusesNamesThatLeadOut) {
  EXPECT_THAT(reading(entry("../a", "x")),
              ThrowsMessage<std::runtime_error>("a.tar.gz: '../a' leads out of the archive"));
  EXPECT_THAT(reading(entry("a/../../b", "x")),
              ThrowsMessage<std::runtime_error>("a.tar.gz: 'a/../../b' leads out of the archive"));
  EXPECT_THAT(
      reading(entry("/etc/passwd", "x")),
      ThrowsMessage<std::runtime_error>("a.tar.gz: '/etc/passwd' leads out of the archive"));
}

TEST(Tar, RefusesWhatIsDamaged) {
  std::string bad_sum = entry("a", "x");
  bad_sum[0] = 'b';
  EXPECT_THAT(reading(bad_sum), ThrowsMessage<std::runtime_error>(
                                    "a.tar.gz: this is not a tar archive, or a header is damaged"));
  const std::string whole = entry("a", std::string(600, 'x'));
  for (const size_t size : {300, 512 + 600, 512 + 1000}) {
    EXPECT_THAT(([&] { contents(gzip(bytes_of(whole.substr(0, size)))); }),
                ThrowsMessage<std::runtime_error>("a.tar.gz: the archive is truncated"))
        << size;
  }
  EXPECT_THAT(reading(entry("x", "999 path=a\n", 'x') + entry("a", "")),
              ThrowsMessage<std::runtime_error>("a.tar.gz: a pax header is damaged"));
  EXPECT_THAT(reading(entry("x", "path", 'x') + entry("a", "")),
              ThrowsMessage<std::runtime_error>("a.tar.gz: a pax header is damaged"));
  std::string huge = entry("a", "");
  huge[124] = '\x80';
  huge[130] = '\x7f';
  unsigned sum = 8 * ' ';
  for (size_t i = 0; i < 512; ++i) sum += i < 148 || i >= 156 ? static_cast<uint8_t>(huge[i]) : 0;
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  huge.replace(148, 7, std::string(text, 7));
  EXPECT_THAT(reading(huge),
              ThrowsMessage<std::runtime_error>("a.tar.gz: a header's number is too large"));
}

TEST(Tar, ReadsWhatTheProgramTarWrites) {
  const test::TemporaryDirectory directory;
  fs::create_directories(directory / "in/sub");
  write_file_atomically(directory / "in/sub/a.yaml", std::string_view("model: net\n"));
  write_file_atomically(directory / "in/b", std::string_view(""));
  fs::create_symlink("/etc/passwd", directory / "in/link");
  const std::string top = directory.path();
  for (const char* format : {"v7", "ustar", "gnu", "pax"}) {
    const std::string command = "tar --format=" + std::string(format) + " -C '" + top +
                                "/in' -czf '" + top + "/a.tar.gz' .";
    ASSERT_EQ(std::system(command.c_str()), 0);
    EXPECT_THAT(contents(read_file(directory / "a.tar.gz", 1 << 20)),
                testing::UnorderedElementsAre(Pair("", "a folder"), Pair("sub", "a folder"),
                                              Pair("sub/a.yaml", "model: net\n"), Pair("b", "")))
        << format;
  }
}

TEST(Tar, RefusesANulInAName) {
  const std::string record = std::string(" path=a") + '\0' + "/b\n";
  EXPECT_THAT(reading(entry("x", std::to_string(record.size() + 2) + record, 'x') + entry("a", "")),
              ThrowsMessage<std::runtime_error>("a.tar.gz: a name holds a NUL character"));
}

}  // namespace
}  // namespace smtrain
