// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace smtrain {

/// A function of tensors that is run once, planned once, recorded once and then replayed: the same
/// kernel calls on the same memory, without running its C++ again, so a replay allocates nothing.
///
/// For each combination of input shapes and dtypes, call 1 runs the function and observes how long
/// each block of memory lives, call 2 runs it from one planned arena, call 3 records, and later
/// calls replay. All of them are real steps with the same results. The arena is shared by all
/// captured steps of a context: results are valid until the next captured step runs.
///
/// What the function does besides kernel calls happens in calls 1 to 3 only: whatever changes from
/// step to step must live in memory that a kernel updates or that the caller fills before the call.
/// Reading a value on the host while recording throws std::invalid_argument, and so does calling a
/// captured step inside another, or under another context than the one that it was recorded under.
class CapturedStep {
 public:
  using Function = std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>;

  /// Without `capture` every call runs the function as it is, on the caller's inputs, moved to the
  /// context's device.
  explicit CapturedStep(Function function, bool capture = true);
  ~CapturedStep();
  CapturedStep(CapturedStep&&) noexcept;
  CapturedStep& operator=(CapturedStep&&) noexcept;

  /// Copies the inputs into the step's own buffers and runs it. The results are the function's.
  const std::vector<Tensor>& operator()(std::span<const Tensor> inputs);

  /// The step's own buffers for inputs of these shapes and dtypes: fill them and call with them,
  /// and nothing is copied.
  std::span<const Tensor> inputs_like(std::span<const Tensor> inputs);

  /// Forgets all recordings: after parameters were frozen, moved or added.
  void reset();

  /// How many calls were replays, over all recordings.
  int64_t replays() const;

  /// Of how many kernels, copies and fills the longest recording is, should the device tell; 0:
  /// there is none.
  int64_t kernels() const;

  /// The planned size of the arena, in bytes; 0 before the second call.
  size_t arena_bytes() const;

  /// The size of the step's own buffers for its inputs, of all shapes together.
  size_t input_bytes() const;

 private:
  struct Recording;
  Recording& recording_for(std::span<const Tensor> inputs);

  Function function_;
  bool capture_;
  std::vector<Tensor> uncaptured_results_;
  std::vector<std::unique_ptr<Recording>> recordings_;
};

}  // namespace smtrain
