// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/storage.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace smtrain {

/// Where each allocation of a repeated step lies in one arena. The first run observes sizes and
/// lifetimes, `place()` gives blocks that never live together the same bytes, and later runs, which
/// make the same requests in the same order, are served from there.
class MemoryPlan {
 public:
  // While observing.
  void observe_allocation(void* address, size_t bytes);
  void observe_deallocation(void* address);

  /// Computes the offsets. Blocks that were never freed keep their bytes to themselves.
  void place();

  /// The size that the arena needs, after place().
  size_t arena_bytes() const { return arena_bytes_; }

  /// Starts a run that is served from `arena`, of arena_bytes().
  void begin_serving(std::shared_ptr<void> arena);

  /// The block of the next request, or none when requests and releases so far are not those that
  /// were observed: then the bytes may still be in use.
  MemoryBlock serve(size_t bytes);

  /// Ignores blocks that are not of this run's arena.
  void release(const MemoryBlock& block);

  /// Ends the run.
  void end_serving() { arena_ = nullptr; }

  /// Whether the run made exactly the observed requests.
  bool matched() const { return !mismatched_ && next_ == blocks_.size(); }

  bool serving() const { return arena_ != nullptr; }

 private:
  struct Block {
    size_t bytes;
    int64_t begin, end;  // the events between which it lives; end is exclusive
    size_t offset;
  };

  std::vector<Block> blocks_;               // in the order of the requests
  std::unordered_map<void*, size_t> live_;  // address -> block
  int64_t event_ = 0;
  size_t arena_bytes_ = 0;
  std::shared_ptr<void> arena_;  // while serving
  size_t next_ = 0;
  bool mismatched_ = false;
};

}  // namespace smtrain
