// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/memory_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace smtrain {
namespace {

constexpr size_t kAlignment = 256;

size_t aligned(size_t bytes) {
  return (std::max<size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void MemoryPlan::observe_allocation(void* address, size_t bytes) {
  live_[address] = blocks_.size();
  blocks_.push_back({bytes, event_++, std::numeric_limits<int64_t>::max(), 0});
}

void MemoryPlan::observe_deallocation(void* address) {
  const auto it = live_.find(address);
  if (it == live_.end()) return;  // allocated before the step
  blocks_[it->second].end = event_++;
  live_.erase(it);
}

// Largest first, each at the lowest offset where no block that lives at the same time lies.
void MemoryPlan::place() {
  std::vector<size_t> order(blocks_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return blocks_[a].bytes > blocks_[b].bytes; });

  std::vector<const Block*> placed;  // by offset
  arena_bytes_ = 0;
  for (const size_t index : order) {
    Block& block = blocks_[index];
    size_t offset = 0;
    for (const Block* other : placed) {
      if (other->end <= block.begin || block.end <= other->begin) continue;
      if (offset + aligned(block.bytes) <= other->offset) break;
      offset = std::max(offset, other->offset + aligned(other->bytes));
    }
    block.offset = offset;
    arena_bytes_ = std::max(arena_bytes_, offset + aligned(block.bytes));
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), &block,
                         [](const Block* a, const Block* b) { return a->offset < b->offset; }),
        &block);
  }
}

void MemoryPlan::begin_serving(std::shared_ptr<void> arena) {
  arena_ = std::move(arena);
  live_.clear();
  event_ = 0;
  next_ = 0;
  mismatched_ = false;
}

MemoryBlock MemoryPlan::serve(size_t bytes) {
  if (mismatched_ || next_ == blocks_.size() || blocks_[next_].bytes != bytes ||
      blocks_[next_].begin != event_) {
    mismatched_ = true;
    return {};
  }
  void* address = static_cast<std::byte*>(arena_.get()) + blocks_[next_].offset;
  live_[address] = next_++;
  ++event_;
  return {.address = address, .arena = arena_};
}

void MemoryPlan::release(const MemoryBlock& block) {
  if (block.arena != arena_) return;
  const auto it = live_.find(block.address);
  if (it == live_.end()) return;
  if (blocks_[it->second].end != event_) mismatched_ = true;
  ++event_;
  live_.erase(it);
}

}  // namespace smtrain
