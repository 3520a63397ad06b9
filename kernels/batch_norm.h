// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/kernels/dtype.h"

#include <cstddef>
#include <cstdint>

namespace smtrain {

// Batch normalisation of a dense x [rows, channels]: a channels-last image batch or a matrix.
// Statistics, weight, bias and running values are float64 for float64 x and float32 otherwise
// (`statistics_dtype`).

constexpr DType statistics_dtype(DType dtype) {
  return dtype == DType::f64 ? DType::f64 : DType::f32;
}

/// y = (x - mean) * inverse_std * weight + bias (+ residual); weight, bias and residual may be
/// null. With a mask, y = max(y, 0), and the mask tells where y > 0. mean and inverse_std are
/// written, for backward.
///
/// With `training` they are those of this batch (biased variance), and the running values, unless
/// null, move towards the batch's mean and unbiased variance: by `momentum`, or to the average of
/// all batches so far when it is negative. num_batches_tracked (int64) is counted up first.
/// Without, they are the running values.
///
/// The same bits for any number of threads.
struct BatchNormArgs {
  int64_t rows, channels;
  DType dtype;
  bool training;
  double eps, momentum;
  const void* x;
  const void* weight;
  const void* bias;
  const void* residual;  // dense, as x is
  void* y;
  uint8_t* mask;  // batch_norm_mask_bytes(rows * channels): bit i % 8 of byte i / 8 is element i's
  void* mean;
  void* inverse_std;
  void* running_mean;
  void* running_var;
  int64_t* num_batches_tracked;
  void* workspace;  // batch_norm_workspace_bytes(rows, channels)
};

/// dw = sum(dy * normalised x), db = sum(dy), and dx through the batch's statistics (`training`) or
/// past fixed ones, of a dy that is 0 where the forward's mask is not set; without a mask, of all.
/// That dy is also dresidual. dx, dw, db and dresidual may be null; the first three are added to
/// what is there when told.
struct BatchNormBackwardArgs {
  int64_t rows, channels;
  DType dtype;
  bool training;
  bool accumulate_input, accumulate_weight, accumulate_bias;
  const void* x;
  const void* dy;
  const uint8_t* mask;
  const void* weight;
  const void* mean;
  const void* inverse_std;
  void* dx;
  void* dw;
  void* db;
  void* dresidual;
  void* workspace;
};

/// Rows are cut into parts that are summed apart, in the type that x computes in, and merged in
/// order, in double.
constexpr int64_t batch_norm_parts(int64_t rows) {
  constexpr int64_t kPartRows = 256, kMostParts = 64;
  const int64_t parts = (rows + kPartRows - 1) / kPartRows;
  return parts < kMostParts ? parts : kMostParts;
}

constexpr int64_t batch_norm_mask_bytes(int64_t elements) { return (elements + 7) / 8; }

constexpr size_t batch_norm_workspace_bytes(int64_t rows, int64_t channels) {
  return static_cast<size_t>((2 * batch_norm_parts(rows) + 3) * channels) * sizeof(double);
}

}  // namespace smtrain
