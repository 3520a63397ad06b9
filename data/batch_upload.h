// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smtrain::data {

/// Batches on their way to a device. They are put together in slots of memory that the device reads
/// by itself, and copied on a queue of their own, while the device computes. Slots and queue serve
/// one epoch after the other: they take long to make.
class BatchUpload {
 public:
  /// `slots` of so many bytes.
  BatchUpload(Device device, size_t slots, size_t bytes);
  ~BatchUpload();
  BatchUpload(const BatchUpload&) = delete;
  BatchUpload& operator=(const BatchUpload&) = delete;

  /// Where a slot's batch is put together, once what it held before is copied.
  uint8_t* open(size_t slot);

  /// Starts to copy a slot into a new tensor of the device. Its memory serves nobody else before
  /// join(), should the caller drop it.
  Tensor start(size_t slot, const Shape& shape, TensorOptions options);

  /// What the current context asks the device for from now on finds all that was started.
  void join();

 private:
  struct Pinned {
    const DeviceTable* memory;
    void operator()(uint8_t* bytes) const { memory->deallocate_pinned(bytes); }
  };

  Device device_;
  Stream stream_;
  std::vector<std::unique_ptr<uint8_t, Pinned>> slots_;
  std::vector<Tensor> started_;  // and not joined
};

}  // namespace smtrain::data
