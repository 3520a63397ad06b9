// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/context.h"

#include "smtrain/engine/allocator.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/tape.h"

#include <omp.h>

namespace smtrain {
namespace {

thread_local Context* current_context = nullptr;

}  // namespace

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::f32: return "f32";
    case Precision::tf32: return "tf32";
    case Precision::bf16: return "bf16";
  }
  return "?";
}

Context::Context(ContextOptions options) : options_(options) {
  if (options_.threads <= 0) options_.threads = omp_get_max_threads();
  generator_.manual_seed(options_.seed);
}

Context::~Context() {
  // Work that was asked for may still use memory that is about to be given back.
  for (const std::vector<Stream>* streams : {&side_streams_, &streams_}) {
    for (size_t id = 0; id < streams->size(); ++id) {
      const Stream stream = (*streams)[id];
      if (stream.handle == nullptr) continue;
      const DeviceTable& memory = allocators_[id]->device().memory();
      memory.synchronize(stream);
      memory.destroy_stream(stream);
      memory.take_failure();
    }
  }
}

Stream Context::stream(Device device) {
  return stream_of(uses_side_stream_ ? side_streams_ : streams_, device);
}

Stream Context::side_stream(Device device) { return stream_of(side_streams_, device); }

Stream Context::stream_of(std::vector<Stream>& streams, Device device) {
  if (device.is_cpu()) return {};
  const DeviceTable& memory = device.memory();
  if (memory.create_stream == nullptr) return {};
  const auto index = static_cast<size_t>(device.id());
  if (streams.size() <= index) streams.resize(index + 1);
  if (streams[index].handle == nullptr) {
    allocator(device);  // which the destructor finds the device by
    memory.use_on_thread();
    streams[index] = memory.create_stream();
    throw_reported_failure(device);
  }
  return streams[index];
}

Context& Context::current() {
  if (current_context != nullptr) return *current_context;
  thread_local Context default_context;
  return default_context;
}

const std::shared_ptr<Allocator>& Context::allocator(Device device) {
  const auto index = static_cast<size_t>(device.id());
  if (allocators_.size() <= index) allocators_.resize(index + 1);
  if (allocators_[index] == nullptr) {
    const size_t limit = device == options_.device ? options_.memory_limit_bytes : 0;
    allocators_[index] = std::make_shared<Allocator>(device, limit);
  }
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

void Context::drop_arena(Device device) {
  const auto index = static_cast<size_t>(device.id());
  if (index < arenas_.size()) arenas_[index].reset();
}

void Context::manual_seed(uint64_t seed) {
  generator_.manual_seed(seed);
  for (const auto& storage : philox_keys_) {
    if (storage != nullptr) restart(*storage);
  }
}

void Context::restart(const Storage& philox_key) {
  const PhiloxKey key = {.seed = generator_.seed()};
  const Device device = philox_key.device();
  device.memory().copy_from_host(philox_key.data(), &key, sizeof key, stream(device));
}

bool Context::draws_philox(Device device) const {
  return options_.rng == RngKind::philox || !device.memory().is_host;
}

PhiloxKey* Context::philox_key(Device device) {
  const auto index = static_cast<size_t>(device.id());
  if (philox_keys_.size() <= index) philox_keys_.resize(index + 1);
  if (philox_keys_[index] == nullptr) {
    philox_keys_[index] = std::make_shared<Storage>(allocator(device), sizeof(PhiloxKey));
    restart(*philox_keys_[index]);
  }
  return static_cast<PhiloxKey*>(philox_keys_[index]->data());
}

std::vector<uint8_t> Context::random_state() {
  std::vector<uint8_t> state = generator_.state();
  PhiloxKey key;
  const Device device = options_.device;
  device.memory().copy_to_host(&key, philox_key(device), sizeof key, stream(device));
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  state.insert(state.end(), bytes, bytes + sizeof key);
  return state;
}

void Context::set_random_state(std::span<const uint8_t> state) {
  check(state.size() > sizeof(PhiloxKey), "context: ", state.size(),
        " bytes are no state of its random numbers");
  const auto of_generator = state.first(state.size() - sizeof(PhiloxKey));
  generator_.set_state(of_generator);
  const Device device = options_.device;
  device.memory().copy_from_host(philox_key(device), state.data() + of_generator.size(),
                                 sizeof(PhiloxKey), stream(device));
}

ContextGuard::ContextGuard(Context& context)
    : previous_(current_context), previous_threads_(omp_get_max_threads()) {
  current_context = &context;
  // What this thread's parallel regions, oneDNN's included, will use.
  omp_set_num_threads(context.threads());
  if (const auto use = context.device().memory().use_on_thread) use();
}

ContextGuard::~ContextGuard() {
  current_context = previous_;
  omp_set_num_threads(previous_threads_);
}

}  // namespace smtrain
