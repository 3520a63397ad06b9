// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"
#include "smtrain/engine/storage.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace smtrain {

class MemoryPlan;

/// What an allocator has handed out so far.
struct AllocatorStats {
  size_t bytes_in_use = 0;         // handed out and not returned
  size_t peak_bytes_in_use = 0;    // the largest that bytes_in_use has been
  size_t bytes_reserved = 0;       // held from the device, in use or cached
  int64_t allocations = 0;         // requests served
  int64_t device_allocations = 0;  // requests that had to ask the device
};

/// Keeps freed blocks for the next request of the same size class, because asking a device is slow.
/// Any thread may use it. While a captured step runs, that thread's requests are served from the
/// step's planned arena instead.
class Allocator {
 public:
  explicit Allocator(Device device) : device_(device) {}
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  /// 256-byte aligned memory; for 0 bytes an address that must not be read. Throws OutOfMemory.
  MemoryBlock allocate(size_t bytes);
  void deallocate(const MemoryBlock& block) noexcept;

  Device device() const { return device_; }
  AllocatorStats stats() const;

  /// Gives cached blocks back to the device.
  void release_cached();

  /// Lets `plan` observe or serve the requests of the calling thread until called with null.
  void set_plan(MemoryPlan* plan);

 private:
  void* take_cached_or_ask(size_t rounded);

  const Device device_;
  mutable std::mutex mutex_;
  std::map<size_t, std::vector<void*>> cached_;  // by size class
  std::unordered_map<void*, size_t> live_;       // handed out, with its size class
  AllocatorStats stats_;
};

}  // namespace smtrain
