// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/cuda/device.cuh"
#include "smtrain/kernels/dtype.h"

#include <cstdint>
#include <type_traits>

namespace smtrain::cuda {

/// The largest that one access moves.
inline constexpr size_t kAccessBytes = 16;

/// `count` neighbours in memory, aligned for accesses as large as can be.
template <typename T, int count>
struct alignas(sizeof(T) * count < kAccessBytes ? sizeof(T) * count : kAccessBytes) Vec {
  T values[count];

  __device__ T& operator[](int i) { return values[i]; }
  __device__ const T& operator[](int i) const { return values[i]; }
};

/// How many T fit a 16-byte access.
template <typename T>
inline constexpr int kLanesOf = static_cast<int>(kAccessBytes / sizeof(T));

/// x in the type that sums of T are kept in: by an instruction of the device for bf16 and f16.
template <typename T>
__device__ __forceinline__ acc_t<T> widen(T x) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return __bfloat162float(__nv_bfloat16(__nv_bfloat16_raw{x.bits}));
  } else if constexpr (std::is_same_v<T, Float16>) {
    return __half2float(__half(__half_raw{x.bits}));
  } else {
    return static_cast<acc_t<T>>(x);
  }
}

/// The nearest T, ties to even; what convert_to() gives for integers.
template <typename T>
__device__ __forceinline__ T narrow(acc_t<T> x) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    T y;
    y.bits = static_cast<__nv_bfloat16_raw>(__float2bfloat16_rn(x)).x;
    return y;
  } else if constexpr (std::is_same_v<T, Float16>) {
    T y;
    y.bits = static_cast<__half_raw>(__float2half_rn(x)).x;
    return y;
  } else {
    return convert_to<T>(x);
  }
}

/// x[0 .. lanes - 1] in as few accesses as can be; see is_aligned().
template <int lanes, typename T>
__device__ __forceinline__ Vec<T, lanes> load(const T* x) {
  constexpr int kPiece = lanes < kLanesOf<T> ? lanes : kLanesOf<T>;
  Vec<T, lanes> values;
  for (int i = 0; i < lanes; i += kPiece) {
    const auto piece = load_vec<Vec<T, kPiece>>(x + i);
    for (int k = 0; k < kPiece; ++k) values[i + k] = piece[k];
  }
  return values;
}

/// y[0 .. lanes - 1] likewise.
template <typename T, int lanes>
__device__ __forceinline__ void store(T* y, const Vec<T, lanes>& values) {
  constexpr int kPiece = lanes < kLanesOf<T> ? lanes : kLanesOf<T>;
  for (int i = 0; i < lanes; i += kPiece) {
    Vec<T, kPiece> piece;
    for (int k = 0; k < kPiece; ++k) piece[k] = values[i + k];
    store_vec(y + i, piece);
  }
}

/// Whether `lanes` neighbours can be loaded and stored at once from an address on. Null, a buffer
/// that is not there, allows it.
template <int lanes, typename T>
bool is_aligned(const T* address) {
  return reinterpret_cast<uintptr_t>(address) % alignof(Vec<T, lanes>) == 0;
}

}  // namespace smtrain::cuda
