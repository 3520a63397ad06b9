// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/device.h"

#include <cstddef>
#include <memory>
#include <utility>

namespace smtrain {

class Allocator;

/// Bytes of a device: a block of their own, or a part of a captured step's arena.
struct MemoryBlock {
  void* address = nullptr;
  std::shared_ptr<void> arena;  // which the block keeps alive; null for one of its own
};

/// A block of device memory that tensors share; the last one returns it to its allocator.
class Storage {
 public:
  Storage(std::shared_ptr<Allocator> allocator, size_t size_bytes);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return block_.address; }
  size_t size_bytes() const { return size_bytes_; }
  Device device() const;

  /// The same elements in the dtype that layers compute in (compute_copy.h); null without one.
  const std::shared_ptr<Storage>& compute_copy() const { return compute_copy_; }
  void set_compute_copy(std::shared_ptr<Storage> copy) { compute_copy_ = std::move(copy); }

 private:
  std::shared_ptr<Allocator> allocator_;
  MemoryBlock block_;
  size_t size_bytes_;
  std::shared_ptr<Storage> compute_copy_;
};

}  // namespace smtrain
