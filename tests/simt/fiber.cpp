// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/fiber.h"

#include "smtrain/tests/simt/sanitizer_hooks.h"

#include <pthread.h>
#include <sys/mman.h>

#include <new>

// Saves the registers that a call preserves on the stack that is left, and restores those of the
// other: nine times faster than swapcontext, which also saves the signal mask.
asm(R"(
.text
.hidden smtrain_simt_switch
.type smtrain_simt_switch,@function
smtrain_simt_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
.size smtrain_simt_switch,.-smtrain_simt_switch
)");
extern "C" void smtrain_simt_switch(void** saved_stack_pointer, void* stack_pointer);

namespace smtrain::simt {
namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr size_t kPageBytes = 4096;
constexpr int kSavedRegisters = 6;

}  // namespace

Fiber fiber_of_this_thread() {
  Fiber fiber;
  pthread_attr_t attributes;
  void* stack = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &stack, &fiber.stack_bytes);
    pthread_attr_destroy(&attributes);
  }
  fiber.stack = static_cast<char*>(stack);
  return fiber;
}

void switch_fiber(Fiber& from, Fiber& to) {
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_bytes);
  }
  smtrain_simt_switch(&from.stack_pointer, to.stack_pointer);
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
  }
}

void fiber_entered() {
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
  }
}

FiberPool::FiberPool(void (*entry)()) : entry_(entry) {
  all_.reserve(1024);
  free_.reserve(1024);
}

Fiber* FiberPool::take() {
  if (!free_.empty()) {
    Fiber* fiber = free_.back();
    free_.pop_back();
    return fiber;
  }
  auto* fiber = new Fiber;
  void* memory = mmap(nullptr, kPageBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, kPageBytes, PROT_NONE);  // a stack that overflows ends the program here
  fiber->stack = static_cast<char*>(memory) + kPageBytes;
  fiber->stack_bytes = kStackBytes;
  all_.push_back(fiber);
  start_anew(fiber);
  return fiber;
}

void FiberPool::start_anew(Fiber* fiber) {
  unpoison(fiber->stack, fiber->stack_bytes);
  // Stacks that all started at one offset within a page would share a few cache lines.
  const size_t offset = 64 + all_.size() % 37 * 192;
  auto** top = reinterpret_cast<void**>(fiber->stack + fiber->stack_bytes - offset);
  *--top = nullptr;  // where entry would return to; keeps the stack aligned to 16 bytes
  *--top = reinterpret_cast<void*>(entry_);
  for (int i = 0; i < kSavedRegisters; ++i) *--top = nullptr;
  fiber->stack_pointer = top;
  fiber->fake_stack = nullptr;
}

void FiberPool::abandon_all() {
  for (Fiber* fiber : all_) start_anew(fiber);
  free_ = all_;
}

}  // namespace smtrain::simt
