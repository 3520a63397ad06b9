// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/emulator.h"
#include "smtrain/tests/simt/fiber.h"
#include "smtrain/tests/simt/shared_memory.h"
#include "smtrain/tests/simt/simt.h"

#include <vector_types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

// One block of threads: everything that the scheduler keeps of it.

namespace smtrain::simt {

inline constexpr unsigned kWarpLanes = 32;
inline constexpr unsigned kMostThreads = 1024;

enum class ThreadState : uint8_t { fresh, ready, at_barrier, at_warp_operation, exited };

struct Thread {
  uint3 index{};
  ThreadState state = ThreadState::fresh;
  Fiber* fiber = nullptr;
  Location waits_at{};
  uint64_t result = 0;  // of its warp operation
};

/// Lanes that meet at one warp operation under one mask.
struct Meeting {
  bool open = false;
  WarpOperation operation{};
  Location at{};
  unsigned mask = 0;
  unsigned arrived = 0;
  std::array<uint64_t, kWarpLanes> payloads;
  std::array<unsigned, kWarpLanes> parameters, widths;
};

struct Warp {
  unsigned alive = 0;  // lanes that have not exited
  unsigned meetings_used = 0;
  std::array<Meeting, kWarpLanes> meetings;
};

/// Threads that can run. Each is in it at most once, so it never grows.
class ReadyThreads {
 public:
  bool empty() const { return first_ == last_; }
  void clear() { first_ = last_ = 0; }
  void add(unsigned thread) { ring_[last_++ % kMostThreads] = static_cast<uint16_t>(thread); }
  unsigned take_oldest() { return ring_[first_++ % kMostThreads]; }
  unsigned take_newest() { return ring_[--last_ % kMostThreads]; }

 private:
  std::array<uint16_t, kMostThreads> ring_;
  uint32_t first_ = 0, last_ = 0;
};

struct BlockBarrier {
  unsigned arrived = 0;
  Location at{};
  Vote vote{};
  int value = 0;
};

struct Block {
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  ReadyThreads ready;
  unsigned current = 0;
  unsigned exited = 0;
  BlockBarrier barrier;
  SharedMemory shared;
};

}  // namespace smtrain::simt
