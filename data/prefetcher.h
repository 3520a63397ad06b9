// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace smtrain::data {

/// Loads items 0, 1, 2, ... on threads, ahead of the one thread that consumes them in order. The
/// consumer says how far ahead: allow(n) once there is room for items below n, wait(n) before it
/// uses them.
///
/// Destroying it drops what is not loaded yet and waits for the items in progress.
class Prefetcher {
 public:
  /// `load(item)` is called once for each item, from several threads at once. With threads = 0
  /// wait() calls it.
  Prefetcher(int threads, std::function<void(int64_t item)> load);

  /// Items below `end` may be loaded from now on.
  void allow(int64_t end);

  /// Returns when all items below `end` are loaded. When some of them failed, throws what the first
  /// one (in order of items, not of time) threw. `end` must be allowed.
  void wait(int64_t end);

  /// Whether wait(end) would return at once.
  bool is_loaded(int64_t end);

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

  void work(const std::stop_token& stop, int64_t& in_progress);
  int64_t loaded() const;

  const std::function<void(int64_t)> load_;
  std::mutex mutex_;
  std::condition_variable_any allowed_, progress_;
  int64_t next_ = 0;        // the first item that nobody has taken
  int64_t end_ = 0;         // items below are allowed
  int64_t failed_ = kNone;  // the first item that failed, and what it threw
  std::exception_ptr failure_;
  std::vector<int64_t> in_progress_;  // for each thread, the first item that it may not have loaded
  std::vector<std::jthread> threads_;  // the last member: the threads end before the rest does
};

}  // namespace smtrain::data
