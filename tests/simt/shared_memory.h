// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace smtrain::simt {

/// The shared memory of one block: storage by key, poisoned when new.
class SharedMemory {
 public:
  void begin(size_t dynamic_bytes);
  void end();

  void* at(const void* key, size_t bytes, size_t alignment);
  void* dynamic(size_t alignment);

 private:
  struct Slot {
    const void* key;
    char* begin;
    size_t bytes;
  };
  char* add(const void* key, size_t bytes, size_t alignment);

  std::vector<Slot> slots_;
  size_t dynamic_bytes_ = 0;
  size_t static_bytes_ = 0;
  char* next_ = nullptr;
};

}  // namespace smtrain::simt
