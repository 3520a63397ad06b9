// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/file.h"

#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace smtrain {
namespace {

using test::TemporaryDirectory;
using ::testing::ThrowsMessage;

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path, 1 << 20);
  return {bytes.begin(), bytes.end()};
}

int64_t files_in(const TemporaryDirectory& directory) {
  return std::distance(std::filesystem::directory_iterator(directory.path()), {});
}

/// Makes writes beyond `bytes` of any file fail, as they do on a full disk, for the life of the
/// object.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_before_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_before_);
  }

 private:
  rlimit before_;
  sighandler_t handler_before_;
};

TEST(WriteFileAtomically, MakesAndReplaces) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "a", "first");
  EXPECT_EQ(text_of(directory / "a"), "first");
  write_file_atomically(directory / "a", [](FileWriter& out) {
    out.write("sec");
    EXPECT_EQ(out.size(), 3u);
    out.write(std::string(200000, 'o'));  // larger than any buffer in between
    out.write("nd");
    EXPECT_EQ(out.size(), 200005u);
  });
  EXPECT_EQ(text_of(directory / "a"), "sec" + std::string(200000, 'o') + "nd");
  EXPECT_EQ(files_in(directory), 1);
}

TEST(WriteFileAtomically, LeavesPermissionsToTheUmask) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(027);
  write_file_atomically(directory / "a", "x");
  ::umask(before);
  struct stat status;
  ASSERT_EQ(::stat((directory / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenTheWriterThrows) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "a", "old");
  EXPECT_THAT(
      [&] {
        write_file_atomically(directory / "a", [](FileWriter& out) {
          out.write(std::string(100000, 'x'));
          throw std::runtime_error("changed my mind");
        });
      },
      ThrowsMessage<std::runtime_error>("changed my mind"));
  EXPECT_EQ(text_of(directory / "a"), "old");
  EXPECT_EQ(files_in(directory), 1);
}

TEST(WriteFileAtomically, KeepsTheOldFileAtTheSizeLimit) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "a", "old");
  {
    const FileSizeLimit limit(4096);
    EXPECT_THAT(
        [&] { write_file_atomically(directory / "a", std::string(5000, 'x')); },
        ThrowsMessage<std::runtime_error>((directory / "a") + ": cannot write: File too large"));
  }
  EXPECT_EQ(text_of(directory / "a"), "old");
  EXPECT_EQ(files_in(directory), 1);
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenTheDiskIsFull) {
  const TemporaryDirectory directory;
  if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount a small file system";
  }
  write_file_atomically(directory / "a", "old");
  EXPECT_THAT([&] { write_file_atomically(directory / "a", std::string(100000, 'x')); },
              ThrowsMessage<std::runtime_error>((directory / "a") +
                                                ": cannot write: No space left on device"));
  EXPECT_EQ(text_of(directory / "a"), "old");
  EXPECT_EQ(files_in(directory), 1);
  ::umount2(directory.path().c_str(), MNT_DETACH);
}

TEST(WriteFileAtomically, NamesTheReason) {
  const TemporaryDirectory directory;
  EXPECT_THAT([&] { write_file_atomically(directory / "no/a", "x"); },
              ThrowsMessage<std::runtime_error>((directory / "no/a") +
                                                ": cannot write: No such file or directory"));
  std::filesystem::create_directory(directory / "d");
  EXPECT_THAT(
      [&] { write_file_atomically(directory / "d", "x"); },
      ThrowsMessage<std::runtime_error>((directory / "d") + ": cannot replace: Is a directory"));
  EXPECT_EQ(files_in(directory), 1);
}

TEST(ReadFile, RefusesWhatItCannotHold) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "a", "four");
  EXPECT_EQ(read_file(directory / "a", 4).size(), 4u);
  EXPECT_THAT([&] { read_file(directory / "a", 3); },
              ThrowsMessage<std::runtime_error>((directory / "a") +
                                                ": cannot read: 4 bytes, expected at most 3"));
  EXPECT_THAT([&] { read_file(directory / "b", 3); },
              ThrowsMessage<std::runtime_error>((directory / "b") +
                                                ": cannot open: No such file or directory"));
  EXPECT_THAT([&] { read_file(directory.path(), 3); },
              ThrowsMessage<std::runtime_error>(directory.path().string() +
                                                ": cannot read: is a directory"));
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_THAT([&] { read_file(directory / "pipe", 3); },
              ThrowsMessage<std::runtime_error>((directory / "pipe") +
                                                ": cannot read: not a regular file"));
}

TEST(MappedFile, ShowsTheBytesAndMoves) {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "a", "abc");
  write_file_atomically(directory / "empty", "");
  MappedFile file(directory / "a");
  MappedFile moved(std::move(file));
  ASSERT_EQ(moved.bytes().size(), 3u);
  EXPECT_EQ(moved.bytes()[2], 'c');
  EXPECT_TRUE(file.bytes().empty());
  moved = MappedFile(directory / "empty");
  EXPECT_TRUE(moved.bytes().empty());
  EXPECT_THAT([&] { MappedFile(directory / "b"); },
              ThrowsMessage<std::runtime_error>((directory / "b") +
                                                ": cannot open: No such file or directory"));
}

}  // namespace
}  // namespace smtrain
