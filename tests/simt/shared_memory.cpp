// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/shared_memory.h"

#include "smtrain/tests/simt/device_memory.h"
#include "smtrain/tests/simt/emulator.h"
#include "smtrain/tests/simt/observer.h"
#include "smtrain/tests/simt/sanitizer_hooks.h"
#include "smtrain/tests/simt/simt.h"

#include <cstdint>
#include <cstring>

namespace smtrain::simt {
namespace {

constexpr size_t kStaticSharedLimit = 48 << 10;
constexpr size_t kSharedLimit = 227 << 10;
constexpr size_t kGapBytes = 256;  // between two storages, belonging to nobody
const char kDynamicKey = 0;

char* round_up(char* address, size_t alignment) {
  const auto number = reinterpret_cast<uintptr_t>(address);
  return address + (alignment - number % alignment) % alignment;
}

}  // namespace

void SharedMemory::begin(size_t dynamic_bytes) {
  dynamic_bytes_ = dynamic_bytes;
  static_bytes_ = 0;
  next_ = const_cast<char*>(shared_memory_range().begin) + kGapBytes;
  slots_.reserve(64);
}

void SharedMemory::end() {
  for (const Slot& slot : slots_) {
    poison(slot.begin, slot.bytes);
    if (observer != nullptr) observer->freed({slot.begin, slot.begin + slot.bytes});
  }
  slots_.clear();
}

char* SharedMemory::add(const void* key, size_t bytes, size_t alignment) {
  char* begin = round_up(next_, alignment);
  next_ = begin + bytes + kGapBytes;
  slots_.push_back({key, begin, bytes});
  unpoison(begin, bytes);
  std::memset(begin, config().fill, bytes);
  if (observer != nullptr) observer->allocated({begin, begin + bytes}, false);
  return begin;
}

void* SharedMemory::at(const void* key, size_t bytes, size_t alignment) {
  for (const Slot& slot : slots_) {
    if (slot.key == key) return slot.begin;
  }
  static_bytes_ += bytes;
  if (static_bytes_ > kStaticSharedLimit) {
    fail({}, "%zu bytes of static shared memory, at most %zu are possible", static_bytes_,
         kStaticSharedLimit);
  }
  if (static_bytes_ + dynamic_bytes_ > kSharedLimit) {
    fail({}, "%zu bytes of static and dynamic shared memory, at most %zu are possible",
         static_bytes_ + dynamic_bytes_, kSharedLimit);
  }
  if (dynamic_bytes_ <= kStaticSharedLimit && static_bytes_ + dynamic_bytes_ > kStaticSharedLimit) {
    fail({},
         "%zu bytes of static and %zu of dynamic shared memory: a launch gets more than %zu only "
         "when the dynamic alone exceed that",
         static_bytes_, dynamic_bytes_, kStaticSharedLimit);
  }
  return add(key, bytes, alignment < 16 ? 16 : alignment);
}

void* SharedMemory::dynamic(size_t alignment) {
  if (alignment > 16) fail({}, "dynamic shared memory is aligned to 16 bytes, not %zu", alignment);
  for (const Slot& slot : slots_) {
    if (slot.key == &kDynamicKey) return slot.begin;
  }
  return add(&kDynamicKey, dynamic_bytes_, 16);
}

}  // namespace smtrain::simt
