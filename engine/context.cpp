// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/context.h"

#include "smtrain/engine/allocator.h"

#include <omp.h>

namespace smtrain {
namespace {

thread_local Context* current_context = nullptr;

}  // namespace

Context::Context(ContextOptions options) : options_(options) {
  if (options_.threads <= 0) options_.threads = omp_get_max_threads();
  generator_.manual_seed(options_.seed);
}

Context::~Context() = default;

Context& Context::current() {
  if (current_context != nullptr) return *current_context;
  thread_local Context default_context;
  return default_context;
}

const std::shared_ptr<Allocator>& Context::allocator(Device device) {
  const auto index = static_cast<size_t>(device.id());
  if (allocators_.size() <= index) allocators_.resize(index + 1);
  if (allocators_[index] == nullptr) allocators_[index] = std::make_shared<Allocator>(device);
  return allocators_[index];
}

std::shared_ptr<Storage> Context::arena(Device device, size_t size_bytes) {
  const auto index = static_cast<size_t>(device.id());
  if (arenas_.size() <= index) arenas_.resize(index + 1);
  if (arenas_[index] == nullptr || arenas_[index]->size_bytes() < size_bytes) {
    arenas_[index].reset();  // before the larger one is asked for
    arenas_[index] = std::make_shared<Storage>(allocator(device), size_bytes);
  }
  return arenas_[index];
}

ContextGuard::ContextGuard(Context& context)
    : previous_(current_context), previous_threads_(omp_get_max_threads()) {
  current_context = &context;
  // What this thread's parallel regions, oneDNN's included, will use.
  omp_set_num_threads(context.threads());
}

ContextGuard::~ContextGuard() {
  current_context = previous_;
  omp_set_num_threads(previous_threads_);
}

}  // namespace smtrain
