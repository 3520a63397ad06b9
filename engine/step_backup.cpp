// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/step_backup.h"

#include "smtrain/engine/call.h"
#include "smtrain/engine/context.h"

#include <map>

namespace smtrain {
namespace {

void copy_unless(const Tensor& skip, const void* x, void* y, size_t bytes) {
  call(skip.device(), &KernelTable::copy_unless,
       CopyUnlessArgs{
           .bytes = static_cast<int64_t>(bytes), .skip = skip.data<int32_t>(), .x = x, .y = y});
}

}  // namespace

StepBackup::StepBackup(const std::vector<Tensor>& buffers) {
  std::map<DType, std::vector<Tensor>> by_dtype;
  for (const Tensor& buffer : buffers) by_dtype[buffer.dtype()].push_back(buffer);
  for (const auto& [dtype, tensors] : by_dtype) {
    int64_t elements = 0;
    for (const Tensor& tensor : tensors) elements += tensor.numel();
    const Tensor block = empty({elements}, {.dtype = dtype}, tensors[0].device());
    int64_t offset = 0;
    for (const Tensor& tensor : tensors) {
      const Tensor place = block.view_of_storage(tensor.shape(), tensor.strides(), offset);
      copy_into(tensor, place);
      tensor.reseat(place);
      offset += tensor.numel();
    }
    blocks_.push_back({block, empty_like(block)});
  }
  Context& context = Context::current();
  if (context.draws_philox(context.device()))
    key_before_ = empty({sizeof(PhiloxKey)}, {.dtype = DType::u8}, context.device());
}

void StepBackup::keep_generator() {
  if (!key_before_.defined()) generator_before_ = Context::current().random_state();
}

void StepBackup::keep(const Tensor& skip) {
  for (const auto& [now, before] : blocks_)
    copy_unless(skip, now.data(), before.data(), now.numel() * size_of(now.dtype()));
  if (!key_before_.defined()) return;
  const PhiloxKey* key = Context::current().philox_key(key_before_.device());
  copy_unless(skip, key, key_before_.data(), sizeof *key);
}

void StepBackup::restore() {
  for (const auto& [now, before] : blocks_) copy_into(before, now);
  if (!key_before_.defined()) return Context::current().set_random_state(generator_before_);
  const Device device = key_before_.device();
  Context& context = Context::current();
  device.memory().copy_within(context.philox_key(device), key_before_.data(), sizeof(PhiloxKey),
                              context.stream(device));
}

}  // namespace smtrain
