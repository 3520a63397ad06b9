// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/emulator.h"
#include "smtrain/tests/simt/simt.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace smtrain::simt {

/// Addresses from begin to end.
struct Range {
  const char* begin = nullptr;
  const char* end = nullptr;

  bool contains(const void* address) const {
    return static_cast<const char*>(address) >= begin && static_cast<const char*>(address) < end;
  }
};

/// What the scheduler and the memory tell the access checker.
class Observer {
 public:
  virtual ~Observer() = default;

  /// New memory, of unknown contents or, when `written`, of known ones.
  virtual void allocated(Range memory, bool written) = 0;
  virtual void freed(Range memory) = 0;
  virtual void written(Range memory) = 0;

  virtual void launch_begins(const Launch& launch) = 0;
  /// What was found in this launch.
  virtual std::vector<std::string> launch_ends() = 0;
  virtual void block_begins(uint64_t number) = 0;
  virtual void block_ends() = 0;

  /// Every thread of the block has reached the barrier and none has left it.
  virtual void block_barrier() = 0;
  /// Likewise the lanes of the warp whose first thread is given.
  virtual void warp_barrier(unsigned first_thread, unsigned lanes) = 0;
  /// The running thread's.
  virtual void memory_fence() = 0;

  virtual std::vector<std::string> take_findings() = 0;
  virtual std::vector<LineTraffic> traffic() = 0;
};

/// The program's, or null.
extern Observer* observer;

/// The CUDA thread that runs: its number in its block and its stack. Of no meaning between
/// launches.
struct RunningThread {
  unsigned number = 0;
  Range stack{};
};
extern RunningThread running_thread;

}  // namespace smtrain::simt
