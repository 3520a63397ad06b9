// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/apps/program.h"

#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/temporary_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace smtrain::test {
namespace {

/// In the child between fork() and exec(), where only plain system calls are safe.
void redirect(int descriptor, const char* file) {
  const int opened = ::open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments,
                          const ProgramOptions& options) {
  const TemporaryDirectory directory;
  const std::string out =
      options.standard_output.empty() ? directory / "out" : options.standard_output;
  const std::string err = directory / "err";
  std::vector<char*> words = {const_cast<char*>(SMTRAIN_PROGRAM)};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.data()));
  words.push_back(nullptr);

  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  for (const std::string& variable : options.environment)
    variables.push_back(const_cast<char*>(variable.data()));
  variables.push_back(nullptr);

  const pid_t child = ::fork();
  if (child == 0) {
    redirect(STDOUT_FILENO, out.c_str());
    redirect(STDERR_FILENO, err.c_str());
    if (options.closed_output) ::close(STDOUT_FILENO);
    if (options.max_file_bytes > 0) {
      ::signal(SIGXFSZ, SIG_IGN);  // so that write() fails, as it does on a full disk
      const rlimit limit{options.max_file_bytes, options.max_file_bytes};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ::execve(SMTRAIN_PROGRAM, words.data(), variables.data());
    ::_exit(127);
  }
  EXPECT_GT(child, 0) << "fork failed";
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
          .out = options.standard_output.empty() ? text_of(out) : "",
          .err = text_of(err),
          .peak_memory_bytes = int64_t{usage.ru_maxrss} * 1024};
}

}  // namespace smtrain::test
