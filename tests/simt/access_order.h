// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace smtrain::simt {

/// When and by whom a place was accessed: time (32 bits), block (21), thread (10), atomic (1).
struct Stamp {
  uint64_t bits = 0;

  static Stamp of(uint32_t time, uint64_t block, unsigned thread, bool atomic) {
    return {uint64_t{time} << 32 | (block & 0x1fffff) << 11 | uint64_t{thread} << 1 |
            uint64_t{atomic}};
  }
  bool is_set() const { return bits != 0; }
  uint32_t time() const { return static_cast<uint32_t>(bits >> 32); }
  uint32_t block() const { return static_cast<uint32_t>(bits >> 11) & 0x1fffff; }
  unsigned thread() const { return static_cast<unsigned>(bits >> 1) & 0x3ff; }
  unsigned warp() const { return thread() / 32; }
  bool is_atomic() const { return (bits & 1) != 0; }
};

/// Which accesses of a launch happen before which others, by CUDA's rules: through a block barrier,
/// a __syncwarp of both lanes, or between blocks when the first thread's fence and then atomic meet
/// the second's atomic and then fence. Time passes at each of these.
class AccessOrder {
 public:
  void launch_begins(unsigned threads);
  void block_begins(uint64_t number);
  void block_barrier();
  void warp_barrier(unsigned first_thread, unsigned lanes);
  void fence(unsigned thread);
  void atomic(unsigned thread, const void* place);

  Stamp stamp(unsigned thread, bool atomic) const {
    return Stamp::of(time_, block_, thread, atomic);
  }
  /// Whether an earlier access, of shared memory or of global, happened before one of now.
  bool is_before(Stamp earlier, Stamp now, bool shared) const;
  bool is_of_this_launch(Stamp stamp) const { return stamp.time() >= launch_time_; }

 private:
  struct Fence {
    uint32_t block;
    unsigned thread;
    uint32_t time;
    uint32_t barrier_time;   // of the block's last barrier: what came before is fenced as well
    uint32_t released_time;  // of the thread's next atomic; 0: none yet
  };
  uint32_t tick() {
    time_ += 2;
    return time_ - 1;
  }

  uint32_t time_ = 1;
  uint32_t launch_time_ = 1, block_time_ = 1, barrier_time_ = 1;
  uint64_t block_ = 0;
  std::vector<uint32_t> warp_times_;  // [thread][lane]: when the two last met at a __syncwarp
  std::vector<Fence> fences_;
  std::vector<int> last_fence_;     // [thread] in fences_, or -1
  std::vector<uint32_t> observed_;  // [thread]: newest release that its atomics have met
  std::vector<uint32_t> acquired_;  // [thread]: likewise, with a fence after them
  std::unordered_map<const void*, uint32_t> releases_;  // by place of atomics: newest
};

}  // namespace smtrain::simt
