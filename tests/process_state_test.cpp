// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/process_state.h"

#include "smtrain/tests/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <latch>
#include <thread>

namespace smtrain::test {
namespace {

// Whether `state` differs while what `change` does is in force, and is the same again after `undo`.
void expect_seen(std::vector<std::string> (*state)(), const std::function<void()>& change,
                 const std::function<void()>& undo) {
  const std::vector<std::string> before = state();
  change();
  EXPECT_NE(state(), before);
  undo();
  EXPECT_EQ(state(), before);
}

TEST(ProcessState, SeesEveryChange) {
  const TemporaryDirectory folder;
  const std::filesystem::path here = std::filesystem::current_path();
  std::signal(SIGUSR1, SIG_DFL);  // leaves other flags than nothing does
  expect_seen(
      process_state, [] { std::signal(SIGUSR1, [](int) {}); },
      [] { std::signal(SIGUSR1, SIG_DFL); });
  expect_seen(
      process_state, [] { setenv("SMTRAIN_TEST", "1", 1); }, [] { unsetenv("SMTRAIN_TEST"); });
  expect_seen(
      process_state, [] { std::setlocale(LC_ALL, "C.UTF-8"); },
      [] { std::setlocale(LC_ALL, "C"); });
  expect_seen(
      process_state, [&] { std::filesystem::current_path(folder.path()); },
      [&] { std::filesystem::current_path(here); });
  mode_t mask = 0;
  expect_seen(
      process_state, [&] { mask = umask(0123); }, [&] { umask(mask); });
}

TEST(ThreadState, SeesEveryChange) {
  expect_seen(
      thread_state, [] { std::fesetround(FE_UPWARD); }, [] { std::fesetround(FE_TONEAREST); });
  sigset_t all, before;
  sigfillset(&all);
  expect_seen(
      thread_state, [&] { pthread_sigmask(SIG_BLOCK, &all, &before); },
      [&] { pthread_sigmask(SIG_SETMASK, &before, nullptr); });
}

TEST(ThreadCount, CountsAThreadThatIsThere) {
  std::latch leave(1);
  std::jthread thread([&leave] { leave.wait(); });
  const int with_it = thread_count();
  EXPECT_GE(with_it, 2);
  leave.count_down();
  thread.join();
  EXPECT_TRUE(threads_come_down_to(with_it - 1));
}

TEST(OutputCapture, HasWhatAnyoneWrites) {
  std::string text;
  {
    const OutputCapture capture;
    EXPECT_EQ(write(STDERR_FILENO, "a", 1), 1);
    std::printf("b");
    std::cout << "c" << std::flush;
    std::cerr << "d";
    text = capture.text();
  }
  std::sort(text.begin(), text.end());  // stdout is buffered
  EXPECT_EQ(text, "abcd");
}

}  // namespace
}  // namespace smtrain::test
