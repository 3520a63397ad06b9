// SPDX-License-Identifier: Apache-2.0

// Data may be mounted read-only: nothing is written below it, and a cache goes elsewhere.

#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/small_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace smtrain::test {
namespace {

namespace fs = std::filesystem;

/// Runs `test` in a process of its own where nothing below `folder` can be written, not even by
/// root. Returns what kept the folder writable instead, if anything did.
template <typename Test>
std::string with_read_only(const fs::path& folder, const Test& test) {
  const std::string path = folder.string();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool mounted =
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
        ::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
    if (!mounted) ::_exit(100 + std::min(errno, 100));
    test();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) > 100)
    return std::string("no read-only mount: ") + std::strerror(WEXITSTATUS(status) - 100);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "failed under the read-only mount";
  return "";
}

TEST(ReadOnlyData, TrainsWritesNothingBelowItAndCachesElsewhere) {
  const SmallJob job;
  const auto before = files_below(job.path() / "data");
  const auto train = [&] {
    const int made = ::mkdir((job / "data/train/new").c_str(), 0700);
    EXPECT_EQ(made, -1);
    EXPECT_EQ(errno, EROFS);
    const ProgramResult result = job.train({"data.cache=disk", "data.cache_dir=@/scratch"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
  };
  const std::string writable = with_read_only(job.path() / "data", train);
  if (!writable.empty()) GTEST_SKIP() << writable;
  EXPECT_EQ(files_below(job.path() / "data"), before);
  EXPECT_THAT(files_below(job.path() / "out"), testing::Contains(testing::Key("model.pth")));
  const auto scratch = files_below(job.path() / "scratch");
  ASSERT_EQ(scratch.size(), 2);  // of the training and of the validation pictures
  for (const auto& [name, hash] : scratch) EXPECT_THAT(name, testing::StartsWith("smtrain-cache-"));
}

/// The same with permissions alone, which bind everyone but root.
TEST(ReadOnlyData, TrainsWithoutPermissionToWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const SmallJob job;
  const auto before = files_below(job.path() / "data");
  constexpr auto kWrite = fs::perms::owner_write;
  for (const auto& entry : fs::recursive_directory_iterator(job.path() / "data"))
    fs::permissions(entry.path(), kWrite, fs::perm_options::remove);
  const ProgramResult result = job.train({"data.cache=disk", "data.cache_dir=@/scratch"});
  for (const auto& entry : fs::recursive_directory_iterator(job.path() / "data"))
    fs::permissions(entry.path(), kWrite, fs::perm_options::add);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(files_below(job.path() / "data"), before);
  EXPECT_EQ(files_below(job.path() / "scratch").size(), 2);
}

TEST(Cache, IsMadeAnewWhenAPictureChanges) {
  const SmallJob job;
  const auto caches = [&] {
    const ProgramResult result = job.train({"data.cache=disk", "data.cache_dir=@/scratch"});
    EXPECT_EQ(result.exit_code, 0);
    return files_below(job.path() / "scratch");
  };
  const auto first = caches();
  EXPECT_EQ(caches(), first);
  const std::string model = text_of(job / "out/model.pth");
  data::write_png(job.path() / "data/train/a/01.png", numbered_picture(77, 6, 5));
  EXPECT_EQ(caches().size(), first.size() + 1);
  EXPECT_FALSE(text_of(job / "out/model.pth") == model) << "trained on the old picture";
}

}  // namespace
}  // namespace smtrain::test
