// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/random.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <vector>

namespace smtrain {

/// What a training step changes before its optimizer does: a model's buffers and the random numbers
/// that it draws. Kept as it was before a step, so that a step whose loss turns out not to be
/// finite can be taken back and looked at again.
class StepBackup {
 public:
  /// Of buffers, which are moved into one block for each dtype (all handles follow), so that
  /// keeping them is few copies, and of the random numbers of the current context and its device.
  explicit StepBackup(const std::vector<Tensor>& buffers);
  StepBackup(const StepBackup&) = delete;
  StepBackup& operator=(const StepBackup&) = delete;

  /// Keeps what the host draws from. Called before a step, outside of what is captured.
  void keep_generator();

  /// Keeps what the device holds, unless *skip != 0 (i32[1]): what the last good step left is not
  /// overwritten. Calls kernels alone, so it is captured with the step.
  void keep(const Tensor& skip);

  /// Everything is as it was kept.
  void restore();

 private:
  struct Block {
    Tensor now, before;  // [elements]
  };
  std::vector<Block> blocks_;
  Tensor key_before_;  // the bytes of a PhiloxKey; undefined where the host draws
  std::vector<uint8_t> generator_before_;
};

}  // namespace smtrain
