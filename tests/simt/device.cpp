// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/device.h"

#include "smtrain/engine/error.h"
#include "smtrain/kernels/cuda/conv2d_relu_pool.h"
#include "smtrain/kernels/cuda/entries.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/tests/simt/device_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace smtrain::simt {
namespace {

/// Who may reach the devices' memory once it is hidden.
struct Access {
  std::mutex mutex;
  bool is_hidden = false;
  int users = 0;

  void protect(int access) const {
    const Range memory = device_memory();
    mprotect(const_cast<char*>(memory.begin), static_cast<size_t>(memory.end - memory.begin),
             access);
  }
};

Access& access() {
  static Access one;
  return one;
}

/// While one lives, hidden memory can be reached.
class Reachable {
 public:
  Reachable() {
    const std::lock_guard lock(access().mutex);
    if (access().users++ == 0 && access().is_hidden) access().protect(PROT_READ | PROT_WRITE);
  }
  ~Reachable() {
    const std::lock_guard lock(access().mutex);
    if (--access().users == 0 && access().is_hidden) access().protect(PROT_NONE);
  }
  Reachable(const Reachable&) = delete;
  Reachable& operator=(const Reachable&) = delete;
};

/// Calls that were made while capturing, which a GPU records without running them.
using Recording = std::vector<std::function<void()>>;
thread_local Recording* capturing = nullptr;

/// An entry of some table, with the threads of its kernels in one order.
template <Order order, auto entry, typename Args>
void run_or_record(const Args& args, Stream stream) {
  const auto run = [args, stream] {
    const Reachable memory;
    config().order = order;
    entry(args, stream);
  };
  if (capturing == nullptr) {
    run();
  } else {
    capturing->push_back(run);
  }
}

/// What a library does on a GPU, the CPU does here.
template <auto member, typename Args>
void run_on_cpu(const Args& args, Stream stream) {
  (cpu_kernels().*member)(args, stream);
}

void conv2d_relu_pool_forward(const Conv2dReluPoolArgs& args, Stream stream) {
  cuda::conv2d_relu_pool(cpu_kernels().conv2d_forward, args, stream);
}

/// The convolution of a fused operation runs once over the whole batch.
void conv2d_plan(const Conv2dPlanArgs& args, Stream stream) {
  cpu_kernels().conv2d_plan(args, stream);
  args.plan->images_in_cache = args.shape.batch;
}

template <Order order>
const KernelTable& kernels() {
  static const KernelTable table = [] {
    KernelTable t;
#define SMTRAIN_SIMT_LIBRARY(name, Args) \
  t.name = run_or_record<order, run_on_cpu<&KernelTable::name, Args>, Args>;
    SMTRAIN_KERNELS(SMTRAIN_SIMT_LIBRARY)
#undef SMTRAIN_SIMT_LIBRARY
#define SMTRAIN_SIMT_FILLING(name, Args) t.name = run_or_record<order, cuda::name, Args>;
    SMTRAIN_HAND_WRITTEN_KERNELS(SMTRAIN_SIMT_FILLING)
#undef SMTRAIN_SIMT_FILLING
    t.conv2d_plan = conv2d_plan;
    t.conv2d_relu_pool_forward = run_or_record<order, conv2d_relu_pool_forward, Conv2dReluPoolArgs>;
    return t;
  }();
  return table;
}

/// CPU kernels write unseen by the access checker: to it, fresh memory counts as written.
void* allocate_written(size_t bytes) {
  const Reachable memory;
  try {
    void* address = allocate(bytes);
    if (is_checked()) mark_written(address, bytes);
    return address;
  } catch (const std::bad_alloc&) {
    return nullptr;  // as a DeviceTable says it
  }
}

const DeviceTable& memory() {
  static const DeviceTable table = {
      .is_host = false,
      .allocate = allocate_written,
      .deallocate =
          [](void* address) {
            const Reachable memory;
            if (address != nullptr) deallocate(address);
          },
      .copy_from_host =
          [](void* to, const void* from, size_t bytes, Stream stream) {
            if (capturing != nullptr)
              kernel_failure = "copy_from_host: not while a step is recorded";
            const Reachable memory;
            cpu_device().copy_from_host(to, from, bytes, stream);
          },
      .copy_to_host =
          [](void* to, const void* from, size_t bytes, Stream stream) {
            if (capturing != nullptr) kernel_failure = "copy_to_host: not while a step is recorded";
            const Reachable memory;
            cpu_device().copy_to_host(to, from, bytes, stream);
          },
      .copy_within =
          [](void* to, const void* from, size_t bytes, Stream stream) {
            const auto copy = [=] {
              const Reachable memory;
              cpu_device().copy_within(to, from, bytes, stream);
            };
            capturing == nullptr ? copy() : capturing->push_back(copy);
          },
      .synchronize = [](Stream) {},
      .take_failure = cpu_device().take_failure,
      .use_on_thread = [] {},
      .create_stream = [] { return Stream{new char}; },
      .destroy_stream = [](Stream stream) { delete static_cast<char*>(stream.handle); },
      .wait_for = [](Stream, Stream) {},  // all is done in its turn
      .allocate_pinned = [](size_t bytes) { return std::malloc(bytes); },
      .deallocate_pinned = [](void* address) { std::free(address); },
      .copy_from_pinned =
          [](void* to, const void* from, size_t bytes, Stream stream) {
            const Reachable memory;
            cpu_device().copy_from_host(to, from, bytes, stream);
          },
      .begin_capture = [](Stream) { capturing = new Recording; },
      .end_capture = [](Stream) -> void* { return std::exchange(capturing, nullptr); },
      .run_recording =
          [](void* recording, Stream) {
            for (const auto& call : *static_cast<Recording*>(recording)) call();
          },
      .destroy_recording = [](void* recording) { delete static_cast<Recording*>(recording); },
      .recorded_kernels = [](void* recording) -> int64_t {
        return std::ssize(*static_cast<Recording*>(recording));
      },
  };
  return table;
}

template <Order order>
Device device() {
  return register_device(concat_text("simt_", order), kernels<order>(), memory());
}

}  // namespace

void hide_memory() {
  const Reachable memory;  // whose end hides it
  access().is_hidden = true;
}

const std::vector<Device>& devices() {
  static const std::vector<Device> all = {device<Order::breadth>(), device<Order::up>(),
                                          device<Order::down>(), device<Order::random>()};
  return all;
}

}  // namespace smtrain::simt
