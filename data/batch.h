// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <tuple>
#include <vector>

namespace smtrain::data {

/// Samples that go through a model together. Unpacks as `auto& [images, targets] = batch`.
struct Batch {
  Tensor images;                 // [N, C, H, W], channels-last: f32; raw: u8, or f32 values
  Tensor targets;                // [N] i64, the classes
  std::vector<int64_t> indices;  // [N], which samples of the dataset they are

  /// N.
  int64_t size() const { return static_cast<int64_t>(indices.size()); }

  template <size_t I>
  Tensor& get() {
    if constexpr (I == 0) {
      return images;
    } else {
      return targets;
    }
  }
};

}  // namespace smtrain::data

template <>
struct std::tuple_size<smtrain::data::Batch> : std::integral_constant<std::size_t, 2> {};

template <std::size_t I>
struct std::tuple_element<I, smtrain::data::Batch> {
  using type = smtrain::Tensor;
};
