// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smtrain::test {

/// What a library must leave alone in the process that it is part of, one fact a line: what happens
/// at each signal, the environment, the locale, the current directory, the mask of new files.
std::vector<std::string> process_state();

/// The same of the calling thread: how it rounds, which signals it blocks, its locale.
std::vector<std::string> thread_state();

/// Whether no more than `count` threads are left in the process, after ten seconds at the latest: a
/// thread that was joined, or that OpenMP let go, takes a moment to disappear.
bool threads_come_down_to(int count);
int thread_count();

/// While alive, what anything in the process writes to stdout and stderr goes here.
class OutputCapture {
 public:
  OutputCapture();
  ~OutputCapture();
  OutputCapture(const OutputCapture&) = delete;
  OutputCapture& operator=(const OutputCapture&) = delete;

  /// What was written so far.
  std::string text() const;

 private:
  int file_;
  int stdout_, stderr_;  // where they went before
};

}  // namespace smtrain::test
