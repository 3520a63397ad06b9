// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/stream.h"
#include "smtrain/tests/simt/intrinsics.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>

// The namesake of kernels/cuda/device.cuh that the tests' include path finds first: the same
// functions, executed on the CPU.

namespace smtrain::cuda {

template <typename S>
S& block_shared() {
  return *static_cast<S*>(simt::shared_memory(&simt::kKeyOf<S>, sizeof(S), alignof(S)));
}

template <typename T>
T* dynamic_shared() {
  return static_cast<T*>(simt::dynamic_shared_memory(alignof(T)));
}

/// The bytes of a V, moved in one access: compilers load the fields of a V one by one.
template <typename V>
struct BytesOf {
  static_assert(sizeof(V) <= 16 && alignof(V) == sizeof(V));
  typedef unsigned char type __attribute__((vector_size(sizeof(V)), may_alias));
};

template <typename V>
SMTRAIN_SIMT_INLINE V load_vec(const void* address, simt::Location at = simt::Location::here()) {
  simt::check_aligned(address, alignof(V), "vector load", at);
  const auto bytes = *static_cast<const typename BytesOf<V>::type*>(address);
  return std::bit_cast<V>(bytes);
}
template <typename V>
SMTRAIN_SIMT_INLINE void store_vec(void* address, const V& value,
                                   simt::Location at = simt::Location::here()) {
  simt::check_aligned(address, alignof(V), "vector store", at);
  *static_cast<typename BytesOf<V>::type*>(address) =
      std::bit_cast<typename BytesOf<V>::type>(value);
}

struct LaunchShape {
  dim3 grid = 1;
  dim3 block = 1;
  size_t shared_bytes = 0;
};

/// Runs the kernel; throws simt::Violation, opened with the entry's name.
template <typename... Parameters, typename... Arguments>
void launch(const char* entry, void (*kernel)(Parameters...), const LaunchShape& shape, Stream,
            Arguments... arguments) {
  using Call = std::tuple<void (*)(Parameters...), Parameters...>;
  const Call call(kernel, static_cast<Parameters>(arguments)...);
  simt::run({.entry = entry,
             .grid = shape.grid,
             .block = shape.block,
             .shared_bytes = shape.shared_bytes,
             .body =
                 [](const void* address) {
                   std::apply([](auto kernel, const auto&... parameters) { kernel(parameters...); },
                              *static_cast<const Call*>(address));
                 },
             .kernel = reinterpret_cast<const void*>(kernel),
             .call = &call,
             .call_bytes = sizeof call});
}

}  // namespace smtrain::cuda
