// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/access_order.h"

#include <algorithm>

namespace smtrain::simt {

constexpr unsigned kLanes = 32;

void AccessOrder::launch_begins(unsigned threads) {
  launch_time_ = tick();
  const unsigned lanes = (threads + kLanes - 1) / kLanes * kLanes;
  warp_times_.resize(size_t{lanes} * kLanes);
  last_fence_.resize(threads);
  observed_.resize(threads);
  acquired_.resize(threads);
  fences_.clear();
  releases_.clear();
}

void AccessOrder::block_begins(uint64_t number) {
  block_ = number;
  block_time_ = barrier_time_ = tick();
  std::fill(warp_times_.begin(), warp_times_.end(), 0);
  std::fill(last_fence_.begin(), last_fence_.end(), -1);
  std::fill(observed_.begin(), observed_.end(), 0);
  std::fill(acquired_.begin(), acquired_.end(), 0);
}

void AccessOrder::block_barrier() {
  barrier_time_ = tick();
  const uint32_t newest = *std::max_element(acquired_.begin(), acquired_.end());
  std::fill(acquired_.begin(), acquired_.end(), newest);
}

void AccessOrder::warp_barrier(unsigned first_thread, unsigned lanes) {
  const uint32_t time = tick();
  for (unsigned a = 0; a < kLanes; ++a) {
    if ((lanes >> a & 1) == 0) continue;
    for (unsigned b = 0; b < kLanes; ++b) {
      if ((lanes >> b & 1) != 0) warp_times_[(first_thread + a) * kLanes + b] = time;
    }
  }
}

void AccessOrder::fence(unsigned thread) {
  const uint32_t time = tick();
  last_fence_[thread] = static_cast<int>(fences_.size());
  fences_.push_back({.block = Stamp::of(0, block_, 0, false).block(),
                     .thread = thread,
                     .time = time,
                     .barrier_time = barrier_time_,
                     .released_time = 0});
  acquired_[thread] = std::max(acquired_[thread], observed_[thread]);
}

void AccessOrder::atomic(unsigned thread, const void* place) {
  if (last_fence_[thread] < 0 && releases_.empty()) return;
  const auto met = releases_.find(place);
  if (met != releases_.end()) observed_[thread] = std::max(observed_[thread], met->second);
  if (last_fence_[thread] >= 0) {
    Fence& fence = fences_[static_cast<size_t>(last_fence_[thread])];
    if (fence.released_time == 0) fence.released_time = time_;
    releases_[place] = time_;
  }
}

bool AccessOrder::is_before(Stamp earlier, Stamp now, bool shared) const {
  if (earlier.time() < (shared ? block_time_ : launch_time_)) return true;
  if (earlier.block() == now.block()) {
    if (earlier.thread() == now.thread() || earlier.time() < barrier_time_) return true;
    return earlier.warp() == now.warp() &&
           earlier.time() < warp_times_[earlier.thread() * kLanes + now.thread() % kLanes];
  }
  return std::any_of(fences_.begin(), fences_.end(), [&](const Fence& fence) {
    return fence.block == earlier.block() && fence.released_time != 0 &&
           fence.released_time <= acquired_[now.thread()] &&
           ((fence.thread == earlier.thread() && earlier.time() < fence.time) ||
            earlier.time() < fence.barrier_time);
  });
}

}  // namespace smtrain::simt
