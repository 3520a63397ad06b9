// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/heap_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* address = std::malloc(bytes)) return address;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
[[gnu::noinline]] void operator delete(void* address) noexcept { std::free(address); }
[[gnu::noinline]] void operator delete(void* address, size_t) noexcept { std::free(address); }

namespace smtrain::test {

int64_t heap_allocations() { return allocations; }

}  // namespace smtrain::test
