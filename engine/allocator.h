// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"
#include "smtrain/engine/storage.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace smtrain {

class MemoryPlan;

/// What an allocator has handed out so far.
struct AllocatorStats {
  size_t bytes_in_use = 0;         // handed out and not returned
  size_t peak_bytes_in_use = 0;    // the largest that bytes_in_use has been since reset_peaks()
  size_t bytes_reserved = 0;       // held from the device, in use or cached
  size_t peak_bytes_reserved = 0;  // the largest that bytes_reserved has been since reset_peaks()
  int64_t allocations = 0;         // requests served
  int64_t device_allocations = 0;  // requests that had to ask the device
};

/// Keeps freed blocks for the next request of the same size class, because asking a device is slow.
/// Any thread may use it. While a captured step runs, that thread's requests are served from the
/// step's planned arena instead.
class Allocator {
 public:
  /// May hold at most limit_bytes of the device; 0: all that the device gives.
  explicit Allocator(Device device, size_t limit_bytes = 0)
      : device_(device), limit_bytes_(limit_bytes) {}
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  /// 256-byte aligned memory; for 0 bytes an address that must not be read. Throws OutOfMemory.
  MemoryBlock allocate(size_t bytes);
  void deallocate(const MemoryBlock& block) noexcept;

  Device device() const { return device_; }
  AllocatorStats stats() const;

  /// From now on peaks are those of what follows.
  void reset_peaks();

  /// Gives cached blocks back to the device.
  void release_cached();

  /// Lets `plan` observe or serve the requests of the calling thread until called with null.
  void set_plan(MemoryPlan* plan);

 private:
  void* take_cached_or_ask(size_t rounded);
  void* ask_device(size_t rounded);
  void give_cached_back();
  std::string shortage(size_t asked) const;

  const Device device_;
  const size_t limit_bytes_;
  mutable std::mutex mutex_;
  std::map<size_t, std::vector<void*>> cached_;  // by size class
  std::unordered_map<void*, size_t> live_;       // handed out, with its size class
  AllocatorStats stats_;
};

}  // namespace smtrain
