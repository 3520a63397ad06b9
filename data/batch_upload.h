// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smtrain::data {

/// Batches on their way to a device. They are put together in slots of memory that the device reads
/// by itself, and copied on a queue of their own, while the device computes.
class BatchUpload {
 public:
  /// `slots` of so many bytes, for the current context's work on a device.
  BatchUpload(Device device, size_t slots, size_t bytes);
  ~BatchUpload();
  BatchUpload(const BatchUpload&) = delete;
  BatchUpload& operator=(const BatchUpload&) = delete;

  /// Where a slot's batch is put together, once what it held before is copied.
  uint8_t* open(size_t slot);

  /// Starts to copy a slot into a new tensor of the device.
  Tensor start(size_t slot, const Shape& shape, TensorOptions options);

  /// What the device is asked for from now on finds all that was started.
  void join();

 private:
  struct Pinned {
    const DeviceTable* memory;
    void operator()(uint8_t* bytes) const { memory->deallocate_pinned(bytes); }
  };

  Device device_;
  Stream stream_;
  std::vector<std::unique_ptr<uint8_t, Pinned>> slots_;
};

}  // namespace smtrain::data
