// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>

namespace smtrain {

/// Kernel entries throw nothing across their table: they leave a message here, one per thread, and
/// call() turns it into an exception.
inline thread_local std::string kernel_failure;

/// Runs a kernel body that may throw (a library's exceptions) and leaves what it threw as this
/// thread's message.
template <typename F>
void reporting_failure(const char* entry, F&& body) noexcept {
  try {
    body();
  } catch (const std::exception& error) {
    kernel_failure = std::string(entry) + ": " + error.what();
  }
}

}  // namespace smtrain
