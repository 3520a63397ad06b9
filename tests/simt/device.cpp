// SPDX-License-Identifier: Apache-2.0
#include "smtrain/tests/simt/device.h"

#include "smtrain/engine/error.h"
#include "smtrain/kernels/cuda/conv2d_relu_pool.h"
#include "smtrain/kernels/cuda/hand_written.h"

#include <array>
#include <cstring>

namespace smtrain::simt {
namespace {

/// An entry of the hand-written kernels, with the threads in one order.
template <Order order, auto entry, typename Args>
void run_in_order(const Args& args, Stream stream) {
  config().order = order;
  entry(args, stream);
}

/// With the CPU's convolution, whose result the access checker does not see.
template <Order order>
void conv2d_relu_pool(const Conv2dReluPoolArgs& args, Stream stream) {
  config().order = order;
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
    KernelTable t = cpu_kernels();
#define SMTRAIN_SIMT_FILLING(name, Args) t.name = run_in_order<order, cuda::name, Args>;
    SMTRAIN_HAND_WRITTEN_KERNELS(SMTRAIN_SIMT_FILLING)
#undef SMTRAIN_SIMT_FILLING
    t.conv2d_plan = conv2d_plan;
    t.conv2d_relu_pool_forward = conv2d_relu_pool<order>;
    return t;
  }();
  return table;
}

const DeviceTable& memory() {
  static const DeviceTable table = [] {
    DeviceTable t = cpu_device();
    t.is_host = false;
    t.allocate = allocate;
    t.deallocate = [](void* address) {
      if (address != nullptr) deallocate(address);
    };
    return t;
  }();
  return table;
}

template <Order order>
Device device() {
  return register_device(concat_text("simt_", order), kernels<order>(), memory());
}

}  // namespace

const std::vector<Device>& devices() {
  static const std::vector<Device> all = {device<Order::breadth>(), device<Order::up>(),
                                          device<Order::down>(), device<Order::random>()};
  return all;
}

}  // namespace smtrain::simt
