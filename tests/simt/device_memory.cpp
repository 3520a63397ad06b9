// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/device_memory.h"

#include "smtrain/tests/simt/observer.h"
#include "smtrain/tests/simt/sanitizer_hooks.h"
#include "smtrain/tests/simt/simt.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <new>

namespace smtrain::simt {
namespace {

constexpr size_t kDeviceBytes = size_t{32} << 30;  // of addresses
constexpr size_t kSharedBytes = 4 << 20;
constexpr size_t kPageBytes = 4096;
constexpr size_t kGuardBytes = 1024;
constexpr size_t kAlignment = 256;
constexpr unsigned char kGuardByte = 0xA5;

char* round_up(char* address, size_t alignment) {
  const auto number = reinterpret_cast<uintptr_t>(address);
  return address + (alignment - number % alignment) % alignment;
}

struct Allocation {
  size_t bytes;
  bool reserved;
};

// The buffers: each has guard bytes before it and, from its last byte on, behind it.
class Heap {
 public:
  Heap() {
    void* memory = mmap(nullptr, kDeviceBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<char*>(memory);
    poison(base_, kSharedBytes);
    next_ = base_ + kSharedBytes;
  }

  char* base() const { return base_; }

  char* add(size_t bytes, bool reserved) {
    const size_t total = block_bytes(bytes);
    char* block = nullptr;
    auto& free = (reserved ? free_reserved_ : free_)[total];
    if (!free.empty()) {
      block = free.front();
      free.pop_front();
    } else {
      if (total > static_cast<size_t>(base_ + kDeviceBytes - next_)) throw std::bad_alloc();
      block = next_;
      next_ += total;
    }
    char* begin = block + kGuardBytes;
    live_[begin] = {bytes, reserved};
    set_guards(begin, bytes);
    if (!reserved) unpoison(begin, bytes);  // what is reserved was never poisoned
    return begin;
  }

  /// Its size.
  size_t remove(char* begin) {
    const auto found = live_.find(begin);
    if (found == live_.end()) abort("frees an address that is no buffer's");
    const auto [bytes, reserved] = found->second;
    if (is_damaged(begin, bytes)) abort("found the guard bytes of a buffer overwritten");
    live_.erase(found);
    if (reserved) {
      drop_pages(begin, bytes);
      unpoison(begin + bytes, tail_bytes(bytes));
      free_reserved_[block_bytes(bytes)].push_back(begin - kGuardBytes);
    } else {
      poison(begin, bytes);
      free_[block_bytes(bytes)].push_back(begin - kGuardBytes);
    }
    return bytes;
  }

  std::string mend_guards() {
    std::string damaged;
    for (const auto& [begin, allocation] : live_) {
      if (!is_damaged(begin, allocation.bytes)) continue;
      damaged += (damaged.empty() ? "wrote outside a buffer of " : ", of ") +
                 std::to_string(allocation.bytes) + " bytes";
      set_guards(begin, allocation.bytes);
    }
    return damaged;
  }

 private:
  static size_t block_bytes(size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment + 2 * kGuardBytes;
  }
  static size_t tail_bytes(size_t bytes) { return block_bytes(bytes) - kGuardBytes - bytes; }

  // Zeros again, that take no memory.
  static void drop_pages(char* begin, size_t bytes) {
    char* const first = round_up(begin, kPageBytes);
    char* const last = round_up(begin + bytes, kPageBytes) - kPageBytes;
    if (first >= last) {
      std::memset(begin, 0, bytes);
      return;
    }
    std::memset(begin, 0, static_cast<size_t>(first - begin));
    madvise(first, static_cast<size_t>(last - first), MADV_DONTNEED);
    std::memset(last, 0, static_cast<size_t>(begin + bytes - last));
  }

  static void set_guards(char* begin, size_t bytes) {
    unpoison(begin - kGuardBytes, kGuardBytes);
    unpoison(begin + bytes, tail_bytes(bytes));
    std::memset(begin - kGuardBytes, kGuardByte, kGuardBytes);
    std::memset(begin + bytes, kGuardByte, tail_bytes(bytes));
    poison(begin - kGuardBytes, kGuardBytes);
    poison(begin + bytes, tail_bytes(bytes));
  }
  static bool all_guard(const char* begin, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      if (static_cast<unsigned char>(begin[i]) != kGuardByte) return false;
    }
    return true;
  }
  static bool is_damaged(const char* begin, size_t bytes) {
    return !all_guard(begin - kGuardBytes, kGuardBytes) ||
           !all_guard(begin + bytes, tail_bytes(bytes));
  }
  [[noreturn]] static void abort(const char* what) {
    std::fprintf(stderr, "simt::deallocate %s\n", what);
    std::abort();
  }

  char* base_;
  char* next_;
  std::map<char*, Allocation> live_;
  std::map<size_t, std::deque<char*>> free_, free_reserved_;  // by size, oldest first
};

Heap& heap() {
  static auto* const kHeap = new Heap;  // never destroyed: static buffers may outlive it
  return *kHeap;
}

Range range(const char* begin, size_t bytes) { return {begin, begin + bytes}; }

void* add(size_t bytes, bool reserved) {
  char* begin = heap().add(bytes, reserved);
  if (!reserved) std::memset(begin, config().fill, bytes);
  if (observer != nullptr) observer->allocated(range(begin, bytes), reserved);
  return begin;
}

}  // namespace

Range device_memory() { return range(heap().base(), kDeviceBytes); }
Range shared_memory_range() { return range(heap().base(), kSharedBytes); }

void* allocate(size_t bytes) { return add(bytes, false); }
void* reserve(size_t bytes) { return add(bytes, true); }

void deallocate(void* address) {
  if (address == nullptr) return;
  char* begin = static_cast<char*>(address);
  const size_t bytes = heap().remove(begin);
  if (observer != nullptr) observer->freed(range(begin, bytes));
}

void mark_written(const void* address, size_t bytes) {
  if (observer != nullptr) observer->written(range(static_cast<const char*>(address), bytes));
}

std::string damaged_guards() { return heap().mend_guards(); }

}  // namespace smtrain::simt
