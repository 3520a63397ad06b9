// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __CUDACC__
#error "tests/simt/ is for host compilers"
#endif

#include "smtrain/tests/simt/emulator.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>
#include <math.h>  // the overloads for float, in the global namespace as in CUDA

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

// The CUDA that our kernels may use, in the global namespace where CUDA has it: what is missing
// here does not compile.

#define __launch_bounds__(...)
#undef __shared__
#define __shared__ static_assert(false, "shared memory is block_shared<S>() or dynamic_shared<T>()")

// Inlined always, so that an access is reported at the kernel's own line.
#define SMTRAIN_SIMT_INLINE [[gnu::always_inline]] inline

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

#define SMTRAIN_SIMT_AT smtrain::simt::Location at = smtrain::simt::Location::here()

// Barriers and fences.

inline void __syncthreads(SMTRAIN_SIMT_AT) {
  smtrain::simt::block_barrier(smtrain::simt::Vote::none, false, at);
}
inline int __syncthreads_count(int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::block_barrier(smtrain::simt::Vote::count, predicate != 0, at);
}
inline int __syncthreads_and(int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::block_barrier(smtrain::simt::Vote::all, predicate != 0, at);
}
inline int __syncthreads_or(int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::block_barrier(smtrain::simt::Vote::any, predicate != 0, at);
}
inline void __syncwarp(unsigned mask = ~0u, SMTRAIN_SIMT_AT) {
  smtrain::simt::warp_operation(
      {.operation = smtrain::simt::WarpOperation::barrier, .mask = mask, .at = at});
}
inline void __threadfence() { smtrain::simt::memory_fence(); }
[[noreturn]] inline void __trap(SMTRAIN_SIMT_AT) { smtrain::simt::fail(at, "__trap"); }

// Warp shuffles, votes and reductions.

namespace smtrain::simt {

template <typename T>
uint64_t bits_of(const T& value) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <typename T>
T shuffle(WarpOperation operation, unsigned mask, T value, unsigned parameter, int width,
          Location at) {
  const uint64_t bits = warp_operation({.operation = operation,
                                        .mask = mask,
                                        .payload = bits_of(value),
                                        .parameter = parameter,
                                        .width = static_cast<unsigned>(width),
                                        .at = at});
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

inline unsigned vote(WarpOperation operation, unsigned mask, uint64_t payload, Location at) {
  return static_cast<unsigned>(
      warp_operation({.operation = operation, .mask = mask, .payload = payload, .at = at}));
}

}  // namespace smtrain::simt

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, SMTRAIN_SIMT_AT) {
  return smtrain::simt::shuffle(smtrain::simt::WarpOperation::shuffle, mask, value, lane, width,
                                at);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32, SMTRAIN_SIMT_AT) {
  return smtrain::simt::shuffle(smtrain::simt::WarpOperation::shuffle_up, mask, value, distance,
                                width, at);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32, SMTRAIN_SIMT_AT) {
  return smtrain::simt::shuffle(smtrain::simt::WarpOperation::shuffle_down, mask, value, distance,
                                width, at);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, SMTRAIN_SIMT_AT) {
  return smtrain::simt::shuffle(smtrain::simt::WarpOperation::shuffle_xor, mask, value, bits, width,
                                at);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::ballot, mask, predicate != 0, at);
}
inline int __any_sync(unsigned mask, int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::any, mask, predicate != 0, at) != 0;
}
inline int __all_sync(unsigned mask, int predicate, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::all, mask, predicate != 0, at) != 0;
}
template <typename T>
unsigned __match_any_sync(unsigned mask, T value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::match_any, mask,
                             smtrain::simt::bits_of(value), at);
}

inline unsigned __reduce_add_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::add, mask, value, at);
}
inline unsigned __reduce_min_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::min_unsigned, mask, value, at);
}
inline unsigned __reduce_max_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::max_unsigned, mask, value, at);
}
inline int __reduce_add_sync(unsigned mask, int value, SMTRAIN_SIMT_AT) {
  return static_cast<int>(smtrain::simt::vote(smtrain::simt::WarpOperation::add, mask,
                                              static_cast<unsigned>(value), at));
}
inline int __reduce_min_sync(unsigned mask, int value, SMTRAIN_SIMT_AT) {
  return static_cast<int>(smtrain::simt::vote(smtrain::simt::WarpOperation::min_signed, mask,
                                              static_cast<unsigned>(value), at));
}
inline int __reduce_max_sync(unsigned mask, int value, SMTRAIN_SIMT_AT) {
  return static_cast<int>(smtrain::simt::vote(smtrain::simt::WarpOperation::max_signed, mask,
                                              static_cast<unsigned>(value), at));
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::bit_and, mask, value, at);
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::bit_or, mask, value, at);
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::vote(smtrain::simt::WarpOperation::bit_xor, mask, value, at);
}

// Atomics, relaxed as on the device. One OS thread runs all, so a load and a store are enough.

namespace smtrain::simt {

template <typename T, typename F>
SMTRAIN_SIMT_INLINE T atomic_update(T* address, F new_value, Location at) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  check_aligned(address, sizeof(T), "atomic", at);
  Bits* place = reinterpret_cast<Bits*>(address);
  const T old = std::bit_cast<T>(__atomic_load_n(place, __ATOMIC_RELAXED));
  __atomic_store_n(place, std::bit_cast<Bits>(new_value(old)), __ATOMIC_RELAXED);
  return old;
}

}  // namespace smtrain::simt

template <typename T>
SMTRAIN_SIMT_INLINE T atomicAdd(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return T(old + value); }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicSub(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return T(old - value); }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicMax(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return old < value ? value : old; }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicMin(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return value < old ? value : old; }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicOr(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return T(old | value); }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicAnd(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return T(old & value); }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicExch(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T) { return value; }, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE T atomicCAS(T* address, std::type_identity_t<T> expected,
                                std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](T old) { return old == expected ? value : old; }, at);
}
SMTRAIN_SIMT_INLINE unsigned atomicInc(unsigned* address, unsigned last, SMTRAIN_SIMT_AT) {
  return smtrain::simt::atomic_update(
      address, [=](unsigned old) { return old >= last ? 0u : old + 1; }, at);
}

// Loads and stores with a cache hint.

template <typename T>
SMTRAIN_SIMT_INLINE T __ldg(const T* address, SMTRAIN_SIMT_AT) {
  smtrain::simt::check_aligned(address, alignof(T), "load", at);
  return *address;
}
template <typename T>
SMTRAIN_SIMT_INLINE T __ldcs(const T* address, SMTRAIN_SIMT_AT) {
  return __ldg(address, at);
}
template <typename T>
SMTRAIN_SIMT_INLINE void __stcs(T* address, std::type_identity_t<T> value, SMTRAIN_SIMT_AT) {
  smtrain::simt::check_aligned(address, alignof(T), "store", at);
  *address = value;
}

// Bits and arithmetic.

inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<uint64_t>(a) * b) >> 32);
}
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __saturatef(float x) { return x > 0.0f ? fminf(x, 1.0f) : 0.0f; }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }

/// As CUDA's: of a number and a NaN, the number.
template <typename A, typename B>
requires(std::is_arithmetic_v<A>&& std::is_arithmetic_v<B>) constexpr auto min(A a, B b) {
  using C = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<C>) {
    return static_cast<C>(fmin(static_cast<C>(a), static_cast<C>(b)));
  } else {
    return static_cast<C>(b) < static_cast<C>(a) ? static_cast<C>(b) : static_cast<C>(a);
  }
}
template <typename A, typename B>
requires(std::is_arithmetic_v<A>&& std::is_arithmetic_v<B>) constexpr auto max(A a, B b) {
  using C = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<C>) {
    return static_cast<C>(fmax(static_cast<C>(a), static_cast<C>(b)));
  } else {
    return static_cast<C>(a) < static_cast<C>(b) ? static_cast<C>(b) : static_cast<C>(a);
  }
}
