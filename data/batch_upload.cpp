// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/batch_upload.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/context.h"
#include "smtrain/engine/error.h"

namespace smtrain::data {

BatchUpload::BatchUpload(Device device, size_t slots, size_t bytes) : device_(device) {
  const DeviceTable& memory = device.memory();
  Context::current().stream(device);  // from here on this thread may use the device
  for (size_t i = 0; i < slots; ++i) {
    auto* slot = static_cast<uint8_t*>(memory.allocate_pinned(bytes));
    if (slot == nullptr)
      throw OutOfMemory(concat_text("DataLoader: out of host memory that ", device,
                                    " can read (asked for ", bytes, " bytes, ", slots,
                                    " times); a smaller batch_size or prefetch takes less"));
    slots_.emplace_back(slot, Pinned{&memory});
  }
  stream_ = memory.create_stream();
  throw_reported_failure(device);
}

BatchUpload::~BatchUpload() {
  const DeviceTable& memory = device_.memory();
  memory.synchronize(stream_);
  memory.destroy_stream(stream_);
  memory.take_failure();
}

uint8_t* BatchUpload::open(size_t slot) {
  device_.memory().synchronize(stream_);
  throw_reported_failure(device_);
  return slots_[slot].get();
}

Tensor BatchUpload::start(size_t slot, const Shape& shape, TensorOptions options) {
  const Tensor batch = empty(shape, options, device_);
  const DeviceTable& memory = device_.memory();
  // The memory may have served work that is still going on.
  memory.wait_for(stream_, Context::current().stream(device_));
  memory.copy_from_pinned(batch.data(), slots_[slot].get(),
                          static_cast<size_t>(batch.numel()) * size_of(options.dtype), stream_);
  started_.push_back(batch);
  throw_reported_failure(device_);
  return batch;
}

void BatchUpload::join() {
  device_.memory().wait_for(Context::current().stream(device_), stream_);
  throw_reported_failure(device_);
  started_.clear();
}

}  // namespace smtrain::data
