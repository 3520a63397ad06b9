// SPDX-License-Identifier: Apache-2.0

// The functions that -fsanitize=thread makes compilers call at every access. The sanitizer is not
// linked; these take its place.

#include "smtrain/tests/simt/access_checker.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

void note(const volatile void* address, size_t bytes, bool write, bool atomic, void* caller) {
  smtrain::simt::access_checker().access(
      {.address = static_cast<const char*>(const_cast<const void*>(address)),
       .bytes = static_cast<unsigned>(bytes),
       .write = write,
       .atomic = atomic,
       .instruction = reinterpret_cast<uintptr_t>(caller)});
}

void note_copy(void* to, const void* from, size_t bytes, void* caller) {
  if (bytes == 0) return;
  note(from, bytes, false, false, caller);
  note(to, bytes, true, false, caller);
}

}  // namespace

#define SMTRAIN_CALLER __builtin_return_address(0)

#define SMTRAIN_ACCESSES(bytes)                                                                \
  void __tsan_read##bytes(void* p) { note(p, bytes, false, false, SMTRAIN_CALLER); }           \
  void __tsan_write##bytes(void* p) { note(p, bytes, true, false, SMTRAIN_CALLER); }           \
  void __tsan_unaligned_read##bytes(void* p) { note(p, bytes, false, false, SMTRAIN_CALLER); } \
  void __tsan_unaligned_write##bytes(void* p) { note(p, bytes, true, false, SMTRAIN_CALLER); } \
  void __tsan_volatile_read##bytes(void* p) { note(p, bytes, false, false, SMTRAIN_CALLER); }  \
  void __tsan_volatile_write##bytes(void* p) { note(p, bytes, true, false, SMTRAIN_CALLER); }

#define SMTRAIN_ATOMICS(bits, T)                                                                   \
  T __tsan_atomic##bits##_load(const volatile T* p, int) {                                         \
    note(p, sizeof(T), false, true, SMTRAIN_CALLER);                                               \
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                   \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile T* p, T value, int) {                                  \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                                  \
  }                                                                                                \
  T __tsan_atomic##bits##_fetch_add(volatile T* p, T value, int) {                                 \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);                                         \
  }                                                                                                \
  T __tsan_atomic##bits##_fetch_sub(volatile T* p, T value, int) {                                 \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    return __atomic_fetch_sub(p, value, __ATOMIC_SEQ_CST);                                         \
  }                                                                                                \
  T __tsan_atomic##bits##_exchange(volatile T* p, T value, int) {                                  \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);                                        \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* expected, T value, int,      \
                                                    int) {                                         \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST,                \
                                       __ATOMIC_SEQ_CST);                                          \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* expected, T value, int, int) { \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST,                \
                                       __ATOMIC_SEQ_CST);                                          \
  }                                                                                                \
  T __tsan_atomic##bits##_compare_exchange_val(volatile T* p, T expected, T value, int, int) {     \
    note(p, sizeof(T), true, true, SMTRAIN_CALLER);                                                \
    __atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
    return expected;                                                                               \
  }

extern "C" {

// Called by every instrumented file before main().
void __tsan_init() { smtrain::simt::access_checker(); }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}

SMTRAIN_ACCESSES(1)
SMTRAIN_ACCESSES(2)
SMTRAIN_ACCESSES(4)
SMTRAIN_ACCESSES(8)
SMTRAIN_ACCESSES(16)
void __tsan_read_range(void* p, size_t bytes) { note(p, bytes, false, false, SMTRAIN_CALLER); }
void __tsan_write_range(void* p, size_t bytes) { note(p, bytes, true, false, SMTRAIN_CALLER); }

SMTRAIN_ATOMICS(8, unsigned char)
SMTRAIN_ATOMICS(16, unsigned short)
SMTRAIN_ATOMICS(32, unsigned int)
SMTRAIN_ATOMICS(64, unsigned long)

// Compilers turn loops and copies into these. The program is linked with --wrap for each; here, in
// a library of its own, the plain names are the C library's.
void* __wrap_memcpy(void* to, const void* from, size_t bytes) {
  note_copy(to, from, bytes, SMTRAIN_CALLER);
  return std::memcpy(to, from, bytes);
}
void* __wrap_memmove(void* to, const void* from, size_t bytes) {
  note_copy(to, from, bytes, SMTRAIN_CALLER);
  return std::memmove(to, from, bytes);
}
void* __wrap_memset(void* to, int value, size_t bytes) {
  if (bytes != 0) note(to, bytes, true, false, SMTRAIN_CALLER);
  return std::memset(to, value, bytes);
}
void* __tsan_memcpy(void* to, const void* from, size_t bytes) {
  note_copy(to, from, bytes, SMTRAIN_CALLER);
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, size_t bytes) {
  note_copy(to, from, bytes, SMTRAIN_CALLER);
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, size_t bytes) {
  if (bytes != 0) note(to, bytes, true, false, SMTRAIN_CALLER);
  return std::memset(to, value, bytes);
}

}  // extern "C"
