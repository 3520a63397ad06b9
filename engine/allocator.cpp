// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/allocator.h"

#include "smtrain/engine/byte_count.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/memory_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace smtrain {
namespace {

// The plan of the step that this thread is running, and the allocator that it belongs to.
thread_local Allocator* planned_allocator = nullptr;
thread_local MemoryPlan* current_plan = nullptr;

// Eight classes to each power of two, so that at most an eighth is wasted.
size_t size_class(size_t bytes) {
  constexpr size_t kSmallest = 256;
  if (bytes <= kSmallest) return kSmallest;
  const size_t step = std::max(kSmallest, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

}  // namespace

Allocator::~Allocator() { release_cached(); }

MemoryBlock Allocator::allocate(size_t bytes) {
  MemoryPlan* plan = planned_allocator == this ? current_plan : nullptr;
  if (plan != nullptr && plan->serving()) {
    if (MemoryBlock block = plan->serve(bytes); block.address != nullptr) return block;
  }
  void* address = take_cached_or_ask(size_class(bytes));
  if (plan != nullptr && !plan->serving()) plan->observe_allocation(address, bytes);
  return {.address = address, .arena = nullptr};
}

void* Allocator::take_cached_or_ask(size_t rounded) {
  const std::lock_guard lock(mutex_);
  void* address = nullptr;
  if (const auto it = cached_.find(rounded); it != cached_.end() && !it->second.empty()) {
    address = it->second.back();
    it->second.pop_back();
  } else {
    address = ask_device(rounded);
    if (address == nullptr) {
      give_cached_back();
      address = ask_device(rounded);
    }
    if (address == nullptr) throw OutOfMemory(shortage(rounded));
    stats_.bytes_reserved += rounded;
    stats_.peak_bytes_reserved = std::max(stats_.peak_bytes_reserved, stats_.bytes_reserved);
    ++stats_.device_allocations;
  }
  live_[address] = rounded;
  ++stats_.allocations;
  stats_.bytes_in_use += rounded;
  stats_.peak_bytes_in_use = std::max(stats_.peak_bytes_in_use, stats_.bytes_in_use);
  return address;
}

void* Allocator::ask_device(size_t rounded) {
  if (limit_bytes_ != 0 && stats_.bytes_reserved + rounded > limit_bytes_) return nullptr;
  return device_.memory().allocate(rounded);
}

void Allocator::give_cached_back() {
  for (auto& [size, blocks] : cached_) {
    for (void* block : blocks) device_.memory().deallocate(block);
    stats_.bytes_reserved -= size * blocks.size();
  }
  cached_.clear();
}

std::string Allocator::shortage(size_t asked) const {
  std::string text =
      concat_text("allocate: out of memory on ", device_, ": asked for ", byte_count_text(asked),
                  "; ", byte_count_text(stats_.bytes_in_use), " in use");
  if (limit_bytes_ != 0) text += " of " + byte_count_text(limit_bytes_) + " that may be";
  if (const auto memory_bytes = device_.memory().memory_bytes) {
    size_t free = 0, total = 0;
    memory_bytes(&free, &total);
    text += ", " + byte_count_text(free) + " of the device's " + byte_count_text(total) + " free";
  }
  return text;
}

void Allocator::deallocate(const MemoryBlock& block) noexcept {
  if (planned_allocator == this) {
    current_plan->serving() ? current_plan->release(block)
                            : current_plan->observe_deallocation(block.address);
  }
  if (block.arena != nullptr) return;  // its bytes belong to the arena
  const std::lock_guard lock(mutex_);
  const auto it = live_.find(block.address);
  stats_.bytes_in_use -= it->second;
  cached_[it->second].push_back(block.address);
  live_.erase(it);
}

AllocatorStats Allocator::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Allocator::reset_peaks() {
  const std::lock_guard lock(mutex_);
  stats_.peak_bytes_in_use = stats_.bytes_in_use;
  stats_.peak_bytes_reserved = stats_.bytes_reserved;
}

void Allocator::release_cached() {
  const std::lock_guard lock(mutex_);
  give_cached_back();
}

void Allocator::set_plan(MemoryPlan* plan) {
  planned_allocator = plan == nullptr ? nullptr : this;
  current_plan = plan;
}

}  // namespace smtrain
