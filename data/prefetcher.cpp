// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/prefetcher.h"

#include "smtrain/engine/error.h"

#include <algorithm>
#include <utility>

namespace smtrain::data {
namespace {

// Taken at a time: enough that small items do not queue for the mutex, few enough that a batch of
// large ones is shared among the threads.
constexpr int64_t kItemsAtOnce = 8;

}  // namespace

Prefetcher::Prefetcher(int threads, std::function<void(int64_t)> load) : load_(std::move(load)) {
  check(threads >= 0, "Prefetcher: expected at least 0 threads, got ", threads);
  in_progress_.assign(static_cast<size_t>(threads), kNone);
  threads_.reserve(in_progress_.size());
  for (int64_t& in_progress : in_progress_) {
    threads_.emplace_back(
        [this, &in_progress](const std::stop_token& stop) { work(stop, in_progress); });
  }
}

void Prefetcher::allow(int64_t end) {
  {
    const std::lock_guard lock(mutex_);
    end_ = std::max(end_, end);
  }
  allowed_.notify_all();
}

void Prefetcher::wait(int64_t end) {
  if (threads_.empty()) {
    for (; next_ < end; ++next_) load_(next_);
    return;
  }
  std::unique_lock lock(mutex_);
  check(end <= end_, "Prefetcher: waiting for items below ", end, ", allowed are those below ",
        end_);
  progress_.wait(lock, [&] { return loaded() >= end; });
  if (failed_ < end) std::rethrow_exception(failure_);
}

bool Prefetcher::is_loaded(int64_t end) {
  if (threads_.empty()) return next_ >= end;
  const std::lock_guard lock(mutex_);
  return loaded() >= end && failed_ >= end;
}

/// All items below this one are loaded or have failed.
int64_t Prefetcher::loaded() const {
  return std::min(next_, *std::min_element(in_progress_.begin(), in_progress_.end()));
}

void Prefetcher::work(const std::stop_token& stop, int64_t& in_progress) {
  std::unique_lock lock(mutex_);
  while (allowed_.wait(lock, stop, [&] { return next_ < end_; }) && !stop.stop_requested()) {
    int64_t item = next_;
    const int64_t end = std::min(end_, item + kItemsAtOnce);
    in_progress = item;
    next_ = end;
    lock.unlock();
    std::exception_ptr failure;
    try {
      for (; item < end && !stop.stop_requested(); ++item) load_(item);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    in_progress = kNone;
    if (failure && item < failed_) {
      failed_ = item;
      failure_ = failure;
    }
    progress_.notify_one();
  }
}

}  // namespace smtrain::data
