// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/scheduler.h"

#include "smtrain/tests/simt/device_memory.h"
#include "smtrain/tests/simt/intrinsics.h"
#include "smtrain/tests/simt/observer.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace smtrain::simt {
namespace {

constexpr size_t kDynamicSharedLimit = 227 << 10;

uint64_t volume(dim3 d) { return static_cast<uint64_t>(d.x) * d.y * d.z; }

const char* file_name(Location at) {
  const char* slash = std::strrchr(at.file, '/');
  return slash == nullptr ? at.file : slash + 1;
}

std::string opened_with(const std::string& entry, const std::string& problem) {
  return entry.empty() ? problem : entry + ": " + problem;
}

}  // namespace

RunningThread running_thread;

Scheduler& scheduler() {
  static auto* const kScheduler = new Scheduler;
  return *kScheduler;
}

uint64_t Scheduler::random() {  // xorshift64
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

// Which thread goes on.

bool Scheduler::next(unsigned& thread) {
  if (block_.ready.empty()) return false;
  thread =
      config().order == Order::breadth ? block_.ready.take_oldest() : block_.ready.take_newest();
  return true;
}

void Scheduler::make_ready(unsigned thread) {
  block_.threads[thread].state = ThreadState::ready;
  block_.ready.add(thread);
}

// Calls f for all threads such that next() takes them in the configured order: breadth takes the
// oldest first, the others the newest.
template <typename F>
void Scheduler::for_each_in_order(F f) {
  const auto threads = static_cast<unsigned>(block_.threads.size());
  const Order order = config().order;
  if (order == Order::breadth || order == Order::down) {
    for (unsigned i = 0; i < threads; ++i) f(i);
  } else if (order == Order::up) {
    for (unsigned i = threads; i-- > 0;) f(i);
  } else {
    std::array<unsigned, kMostThreads / kWarpLanes> warps;
    for (unsigned i = 0; i < block_.warps.size(); ++i) {
      const auto j = static_cast<unsigned>(random() % (i + 1));
      warps[i] = warps[j];
      warps[j] = i;
    }
    for (unsigned k = 0; k < block_.warps.size(); ++k) {
      const auto turn = static_cast<unsigned>(random() % kWarpLanes);
      for (unsigned lane = 0; lane < kWarpLanes; ++lane) {
        const unsigned i = warps[k] * kWarpLanes + (lane + turn) % kWarpLanes;
        if (i < threads) f(i);
      }
    }
  }
}

void Scheduler::begin(unsigned thread) {
  block_.current = thread;
  Thread& t = block_.threads[thread];
  t.state = ThreadState::ready;
  threadIdx = t.index;
  running_thread = {thread, {t.fiber->stack, t.fiber->stack + t.fiber->stack_bytes}};
}

void Scheduler::resume(unsigned thread, Fiber& from) {
  Thread& t = block_.threads[thread];
  if (t.fiber == nullptr) t.fiber = fibers_.take();
  begin(thread);
  switch_fiber(from, *t.fiber);
}

// The current thread waits: control goes straight to the next that can run.
void Scheduler::wait(ThreadState state) {
  Thread& self = block_.threads[block_.current];
  self.state = state;
  unsigned thread;
  if (next(thread)) {
    resume(thread, *self.fiber);
  } else {
    switch_fiber(*self.fiber, main_);
  }
}

void Scheduler::fiber_main() {
  fiber_entered();
  Scheduler& self = scheduler();
  while (true) {
    Fiber* const fiber = self.block_.threads[self.block_.current].fiber;
    std::array<char, 256> thrown{};
    try {
      self.launch_.body(self.launch_.call);
    } catch (const std::exception& error) {
      std::snprintf(thrown.data(), thrown.size(), "the kernel threw %s", error.what());
    }
    if (thrown[0] != 0) self.fail({}, thrown.data());
    self.exit_thread();
    unsigned thread;
    if (self.next(thread)) {
      Thread& t = self.block_.threads[thread];
      if (t.fiber == nullptr) {  // it has not started, and may do so on this very stack
        t.fiber = fiber;
        self.begin(thread);
        continue;
      }
      self.fibers_.give_back(fiber);
      self.resume(thread, *fiber);
    } else {
      self.fibers_.give_back(fiber);
      switch_fiber(*fiber, self.main_);
    }
  }
}

void Scheduler::exit_thread() {
  const unsigned thread = block_.current;
  block_.threads[thread].state = ThreadState::exited;
  ++block_.exited;
  Warp& warp = block_.warps[thread / kWarpLanes];
  warp.alive &= ~(1u << thread % kWarpLanes);
  complete_after_exit(warp, thread / kWarpLanes * kWarpLanes);
  if (block_.barrier.arrived != 0) {
    simt::fail({}, "a thread exits while %u threads wait at the block barrier %s:%u",
               block_.barrier.arrived, file_name(block_.barrier.at), block_.barrier.at.line);
  }
}

int Scheduler::block_barrier(Vote vote, bool predicate, Location at) {
  BlockBarrier& barrier = block_.barrier;
  if (block_.exited != 0) {
    simt::fail(at, "block barrier reached after %u threads have exited", block_.exited);
  }
  if (barrier.arrived == 0) {
    barrier = {.at = at, .vote = vote, .value = vote == Vote::all ? 1 : 0};
  } else if (!(barrier.at == at) || barrier.vote != vote) {
    simt::fail(at, "divergent block barrier: others wait at %s:%u", file_name(barrier.at),
               barrier.at.line);
  }
  switch (vote) {
    case Vote::none: break;
    case Vote::count: barrier.value += predicate ? 1 : 0; break;
    case Vote::all: barrier.value &= predicate ? 1 : 0; break;
    case Vote::any: barrier.value |= predicate ? 1 : 0; break;
  }
  block_.threads[block_.current].waits_at = at;
  if (++barrier.arrived == block_.threads.size()) {
    barrier.arrived = 0;
    if (observer != nullptr) observer->block_barrier();
    // Everybody takes the result along: the next barrier's vote may begin before the last has left.
    for_each_in_order([&](unsigned i) {
      block_.threads[i].result = static_cast<uint64_t>(barrier.value);
      if (i != block_.current) make_ready(i);
    });
  } else {
    wait(ThreadState::at_barrier);
  }
  return static_cast<int>(block_.threads[block_.current].result);
}

// Launches.

void Scheduler::check_limits(const Launch& launch) {
  const dim3 grid = launch.grid;
  const dim3 block = launch.block;
  if (volume(grid) == 0 || volume(block) == 0) {
    simt::fail({}, "empty launch (grid %ux%ux%u, block %ux%ux%u)", grid.x, grid.y, grid.z, block.x,
               block.y, block.z);
  }
  if (volume(block) > kMostThreads || block.z > 64) {
    simt::fail({}, "block of %ux%ux%u threads, at most 1024, and 64 in z, are possible", block.x,
               block.y, block.z);
  }
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    simt::fail({}, "grid of %ux%ux%u blocks, at most 2147483647x65535x65535 are possible", grid.x,
               grid.y, grid.z);
  }
  if (launch.shared_bytes > kDynamicSharedLimit) {
    simt::fail({}, "%zu bytes of dynamic shared memory, at most %zu are possible",
               launch.shared_bytes, kDynamicSharedLimit);
  }
}

void Scheduler::start_threads() {
  block_.ready.clear();
  block_.exited = 0;
  block_.barrier = {};
  const auto threads = static_cast<unsigned>(block_.threads.size());
  for (unsigned w = 0; w < block_.warps.size(); ++w) {
    const unsigned lanes = std::min(kWarpLanes, threads - w * kWarpLanes);
    block_.warps[w].alive = lanes == kWarpLanes ? ~0u : (1u << lanes) - 1;
    block_.warps[w].meetings_used = 0;
  }
  for_each_in_order([&](unsigned i) {
    block_.threads[i].state = ThreadState::fresh;
    block_.threads[i].fiber = nullptr;
    block_.ready.add(i);
  });
}

void Scheduler::run_block(uint64_t number) {
  const dim3 grid = launch_.grid;
  blockIdx = {static_cast<unsigned>(number % grid.x),
              static_cast<unsigned>(number / grid.x % grid.y),
              static_cast<unsigned>(number / grid.x / grid.y)};
  block_.shared.begin(launch_.shared_bytes);
  if (observer != nullptr) observer->block_begins(number);
  start_threads();
  unsigned thread;
  while (!failed_ && next(thread)) resume(thread, main_);
  if (!failed_ && block_.exited != block_.threads.size()) describe_deadlock();
  block_.shared.end();
  if (observer != nullptr) observer->block_ends();
}

void Scheduler::run(const Launch& launch) {
  launch_ = launch;
  blockIdx = {};
  check_limits(launch);
  thread_local const Fiber kThisThread = fiber_of_this_thread();
  main_ = kThisThread;
  const auto threads = static_cast<unsigned>(volume(launch.block));
  block_.threads.assign(threads, {});
  block_.warps.resize((threads + kWarpLanes - 1) / kWarpLanes);
  for (unsigned i = 0; i < threads; ++i) {
    block_.threads[i].index = {i % launch.block.x, i / launch.block.x % launch.block.y,
                               i / launch.block.x / launch.block.y};
  }
  gridDim = launch.grid;
  blockDim = launch.block;
  random_state_ = config().seed * 0x9E3779B97F4A7C15u | 1;
  failed_ = false;
  running_ = true;
  if (observer != nullptr) observer->launch_begins(launch);
  const uint64_t blocks = volume(launch.grid);
  if (config().only_blocks.empty()) {
    for (uint64_t i = 0; i < blocks && !failed_; ++i) {
      run_block(config().order == Order::down ? blocks - 1 - i : i);
    }
  } else {
    for (const uint64_t number : config().only_blocks) {
      if (!failed_) run_block(number);
    }
  }
  running_ = false;
  launch_ = {};
  if (failed_) fibers_.abandon_all();

  std::string problems = failed_ ? message_.data() : "";
  const auto add = [&](const std::string& problem) {
    problems += (problems.empty() ? "" : "; ") + problem;
  };
  if (observer != nullptr) {
    for (const std::string& finding : observer->launch_ends()) add(finding);
  }
  if (const std::string damaged = damaged_guards(); !damaged.empty()) add(damaged);
  if (!problems.empty()) throw Violation(opened_with(launch.entry, problems));
}

void Scheduler::fail(Location at, const char* what) {
  const uint3 t = running_ ? threadIdx : uint3{};
  std::array<char, 512> place{};
  if (at.line != 0) {
    std::snprintf(place.data(), place.size(), " at %s:%u", file_name(at), at.line);
  }
  if (!running_) throw Violation(opened_with(launch_.entry, what) + place.data());
  std::snprintf(message_.data(), message_.size(), "%s%s by block (%u, %u, %u), thread (%u, %u, %u)",
                what, place.data(), blockIdx.x, blockIdx.y, blockIdx.z, t.x, t.y, t.z);
  failed_ = true;
  switch_fiber(*block_.threads[block_.current].fiber, main_);
  __builtin_unreachable();  // nothing resumes it
}

void Scheduler::describe_deadlock() {
  failed_ = true;
  std::string text = "deadlock:";
  const Thread* previous = nullptr;
  int groups = 0;
  for (const Thread& thread : block_.threads) {
    const bool same =
        previous != nullptr && thread.state == previous->state &&
        (thread.state == ThreadState::exited || thread.waits_at == previous->waits_at);
    previous = &thread;
    if (same || groups++ == 4) continue;
    const uint3 i = thread.index;
    text += " thread (" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " +
            std::to_string(i.z) + ") ";
    if (thread.state == ThreadState::exited) {
      text += "has exited;";
      continue;
    }
    text += thread.state == ThreadState::at_barrier ? "waits at the block barrier "
                                                    : "waits at the warp operation ";
    text += file_name(thread.waits_at) + (":" + std::to_string(thread.waits_at.line)) + ";";
  }
  text.pop_back();
  std::snprintf(message_.data(), message_.size(), "%s", text.c_str());
}

}  // namespace smtrain::simt
