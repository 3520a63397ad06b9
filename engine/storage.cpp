// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/storage.h"

#include "smtrain/engine/allocator.h"

#include <utility>

namespace smtrain {

Storage::Storage(std::shared_ptr<Allocator> allocator, size_t size_bytes)
    : allocator_(std::move(allocator)),
      block_(allocator_->allocate(size_bytes)),
      size_bytes_(size_bytes) {}

Storage::~Storage() { allocator_->deallocate(block_); }

Device Storage::device() const { return allocator_->device(); }

}  // namespace smtrain
