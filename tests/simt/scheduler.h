// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/tests/simt/block.h"

#include <array>
#include <cstdint>

namespace smtrain::simt {

/// Runs the blocks of a launch one after another, their threads as fibers of one OS thread. While a
/// kernel runs nothing here allocates: the stacks of a failed launch are abandoned, not unwound.
class Scheduler {
 public:
  void run(const Launch& launch);

  int block_barrier(Vote vote, bool predicate, Location at);
  uint64_t warp_operation(const WarpCall& call);
  SharedMemory& shared() { return block_.shared; }

  [[noreturn]] void fail(Location at, const char* what);

 private:
  static void fiber_main();

  void check_limits(const Launch& launch);
  void run_block(uint64_t number);
  void start_threads();

  bool next(unsigned& thread);
  void resume(unsigned thread, Fiber& from);
  void wait(ThreadState state);
  void make_ready(unsigned thread);
  void begin(unsigned thread);
  void exit_thread();
  template <typename F>
  void for_each_in_order(F f);

  void complete(Meeting& meeting, unsigned first_thread);
  void complete_after_exit(Warp& warp, unsigned first_thread);
  uint64_t combined(const Meeting& meeting) const;
  uint64_t result_for(const Meeting& meeting, unsigned lane, unsigned first_thread);

  void describe_deadlock();
  uint64_t random();

  Launch launch_;
  Block block_;
  Fiber main_;
  FiberPool fibers_{&fiber_main};
  uint64_t random_state_ = 1;
  bool running_ = false;
  bool failed_ = false;
  std::array<char, 1024> message_;
};

Scheduler& scheduler();

}  // namespace smtrain::simt
