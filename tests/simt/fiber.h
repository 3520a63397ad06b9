// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace smtrain::simt {

/// A stack, and where on it execution goes on.
struct Fiber {
  void* stack_pointer = nullptr;
  char* stack = nullptr;
  size_t stack_bytes = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's
};

/// The stack of the calling OS thread.
Fiber fiber_of_this_thread();

/// Leaves `from`, to be gone on with later, and goes on with `to`.
void switch_fiber(Fiber& from, Fiber& to);

/// Fibers that start in `entry`, which never returns. Fibers live as long as the program.
class FiberPool {
 public:
  explicit FiberPool(void (*entry)());
  Fiber* take();
  void give_back(Fiber* fiber) { free_.push_back(fiber); }
  /// Takes back every fiber, also those that are in the middle of something.
  void abandon_all();

 private:
  void start_anew(Fiber* fiber);

  void (*entry_)();
  std::vector<Fiber*> all_, free_;
};

/// To be called first on a new fiber.
void fiber_entered();

}  // namespace smtrain::simt
