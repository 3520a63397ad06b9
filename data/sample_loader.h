// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"
#include "smtrain/data/transform.h"
#include "smtrain/engine/shape.h"
#include "smtrain/kernels/dtype.h"

#include <cstdint>
#include <memory>

namespace smtrain::data {

/// Writes samples of a dataset into the rows of batches: read, decoded, transformed, checked.
class SampleLoader {
 public:
  /// Reads sample 0, whose shape and type all others must have.
  SampleLoader(std::shared_ptr<const Dataset> dataset, Transforms transforms);

  const Dataset& dataset() const { return *dataset_; }

  /// [C, H, W], after the transforms.
  const Shape& shape() const { return shape_; }

  /// Of the elements of a row, which is [H, W, C]: u8 for pixels, f32 for values.
  DType dtype() const { return dtype_; }

  int64_t row_bytes() const { return row_bytes_; }

  /// Whether a sample is a copy of bytes that lie in memory, not worth handing to a thread.
  bool is_copy() const { return is_copy_; }

  /// Fills `row` with sample `index`; its random transforms depend on (epoch_seed, index) alone.
  /// Any thread may call it. Throws BadInput for a sample of another size, and what the
  /// dataset and the transforms throw.
  void load(int64_t index, int64_t epoch_seed, void* row) const;

 private:
  Sample transformed(int64_t index, int64_t epoch_seed) const;
  void check_shape(const Shape& shape, int64_t index) const;

  std::shared_ptr<const Dataset> dataset_;
  Transforms transforms_;
  Shape shape_;
  DType dtype_ = DType::u8;
  int64_t row_bytes_ = 0;
  bool is_copy_ = false;
};

}  // namespace smtrain::data
