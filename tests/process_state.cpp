// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/process_state.h"

#include "smtrain/engine/error.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cfenv>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <locale>
#include <thread>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace smtrain::test {
namespace {

namespace fs = std::filesystem;

std::string members(const sigset_t& set) {
  std::string text;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&set, signal) == 1) text += " " + std::to_string(signal);
  }
  return text;
}

std::string action_of(int signal) {
  struct sigaction action = {};
  if (sigaction(signal, nullptr, &action) != 0) return concat_text("signal ", signal, ": none");
  return concat_text("signal ", signal, ": handler ",
                     reinterpret_cast<const void*>(action.sa_handler), " flags ", action.sa_flags,
                     " mask", members(action.sa_mask));
}

void flush() {
  std::fflush(stdout);
  std::fflush(stderr);
}

}  // namespace

std::vector<std::string> process_state() {
  std::vector<std::string> state;
  for (int signal = 1; signal < NSIG; ++signal) state.push_back(action_of(signal));
  for (char** variable = environ; *variable != nullptr; ++variable) state.push_back(*variable);
  state.push_back(concat_text("C locale ", std::setlocale(LC_ALL, nullptr)));
  state.push_back("C++ locale " + std::locale().name());
  state.push_back("current directory " + fs::current_path().string());
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Umask:")) state.push_back(line);
  }
  return state;
}

std::vector<std::string> thread_state() {
  std::vector<std::string> state;
  state.push_back(concat_text("rounding ", std::fegetround()));
#ifdef __SSE__
  state.push_back(concat_text("MXCSR control bits ", _mm_getcsr() & 0xffc0u));
#endif
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  state.push_back("blocked signals" + members(blocked));
  state.push_back(uselocale(nullptr) == LC_GLOBAL_LOCALE ? "global locale" : "own locale");
  return state;
}

int thread_count() {
  return static_cast<int>(std::distance(fs::directory_iterator("/proc/self/task"), {}));
}

bool threads_come_down_to(int count) {
  for (int i = 0; i < 1000 && thread_count() > count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return thread_count() <= count;
}

OutputCapture::OutputCapture()
    : file_(memfd_create("output", 0)), stdout_(dup(STDOUT_FILENO)), stderr_(dup(STDERR_FILENO)) {
  if (file_ < 0 || stdout_ < 0 || stderr_ < 0) fail("OutputCapture: no file descriptors");
  flush();
  dup2(file_, STDOUT_FILENO);
  dup2(file_, STDERR_FILENO);
}

OutputCapture::~OutputCapture() {
  flush();
  dup2(stdout_, STDOUT_FILENO);
  dup2(stderr_, STDERR_FILENO);
  for (const int descriptor : {file_, stdout_, stderr_}) close(descriptor);
}

std::string OutputCapture::text() const {
  flush();
  std::string text(static_cast<size_t>(lseek(file_, 0, SEEK_END)), '\0');
  const ssize_t size = pread(file_, text.data(), text.size(), 0);
  if (size != std::ssize(text)) fail("OutputCapture: cannot read what was written");
  return text;
}

}  // namespace smtrain::test
