// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector_functions.h>
#include <vector_types.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// What the intrinsics call: kernels see none of it by name.

namespace smtrain::simt {

/// A place in a kernel's source. (std::source_location is missing in older clang.)
struct Location {
  const char* file = "";
  unsigned line = 0;

  static constexpr Location here(const char* file = __builtin_FILE(),
                                 unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Location& other) const {
    return line == other.line && (file == other.file || std::strcmp(file, other.file) == 0);
  }
};

/// One kernel launch: body(call) runs once per thread.
struct Launch {
  const char* entry = "";
  dim3 grid = 1;
  dim3 block = 1;
  size_t shared_bytes = 0;
  void (*body)(const void* call) = nullptr;
  const void* kernel = nullptr;  // its address
  const void* call = nullptr;    // the kernel and its arguments
  size_t call_bytes = 0;
};
void run(const Launch& launch);

/// Ends the launch with a Violation; does not return to the thread.
[[noreturn]] void fail(Location at, const char* format, ...) __attribute__((format(printf, 2, 3)));

enum class Vote : uint8_t { none, count, all, any };
int block_barrier(Vote vote, bool predicate, Location at);

enum class WarpOperation : uint8_t {
  barrier,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  ballot,
  any,
  all,
  match_any,
  add,
  min_unsigned,
  max_unsigned,
  min_signed,
  max_signed,
  bit_and,
  bit_or,
  bit_xor
};
struct WarpCall {
  WarpOperation operation{};
  unsigned mask = 0;
  uint64_t payload = 0;
  unsigned parameter = 0;  // of shuffles: lane, distance or bits
  unsigned width = 32;
  Location at{};
};
uint64_t warp_operation(const WarpCall& call);

void memory_fence();

/// The block's storage named by the key, made at its first use.
void* shared_memory(const void* key, size_t bytes, size_t alignment);
void* dynamic_shared_memory(size_t alignment);

template <typename T>
inline constexpr char kKeyOf = 0;

inline void check_aligned(const void* address, size_t alignment, const char* what, Location at) {
  if (reinterpret_cast<uintptr_t>(address) % alignment != 0) fail(at, "misaligned %s", what);
}

}  // namespace smtrain::simt
