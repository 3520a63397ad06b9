// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/branch.h"

#include "smtrain/engine/ops/linear.h"
#include "smtrain/engine/ops/reduce.h"
#include "smtrain/engine/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace smtrain {
namespace {

using ::testing::ElementsAre;

// What a device with two queues was asked for, in order; queues are numbered as they are made.
std::vector<std::string>& asked() {
  static std::vector<std::string> all;
  return all;
}

std::string name_of(Stream stream) {
  return "queue " + std::to_string(reinterpret_cast<intptr_t>(stream.handle));
}

// A CPU that notes on which queue gradients of linear are computed, and what waits for what.
Device two_queues() {
  static intptr_t queues = 0;
  static const DeviceTable memory = [] {
    DeviceTable table = cpu_device();
    table.use_on_thread = [] {};
    table.create_stream = [] { return Stream{reinterpret_cast<void*>(++queues)}; };
    table.destroy_stream = [](Stream) {};
    table.wait_for = [](Stream later, Stream earlier) {
      asked().push_back(name_of(later) + " waits for " + name_of(earlier));
    };
    return table;
  }();
  static const KernelTable kernels = [] {
    KernelTable table = cpu_kernels();
    table.linear_backward_weight = [](const LinearBackwardWeightArgs& args, Stream stream) {
      asked().push_back("dw on " + name_of(stream));
      cpu_kernels().linear_backward_weight(args, stream);
    };
    table.linear_backward_input = [](const LinearBackwardInputArgs& args, Stream stream) {
      asked().push_back("dx on " + name_of(stream));
      cpu_kernels().linear_backward_input(args, stream);
    };
    return table;
  }();
  static const Device device = register_device("two_queues", kernels, memory);
  queues = 0;
  asked().clear();
  return device;
}

void differentiate(Device device, bool input_needs_it) {
  Context context({.device = device});
  const ContextGuard guard(context);
  Tensor x = ones({4, 3}), weight = ones({2, 3});
  x.set_requires_grad(input_needs_it);
  weight.set_requires_grad(true);
  sum(linear(x, weight, {})).backward();
}

TEST(Branch, AWeightsGradientRunsBesideTheInputsAndBothAreWaitedFor) {
  differentiate(two_queues(), true);
  EXPECT_THAT(asked(), ElementsAre("queue 2 waits for queue 1", "dw on queue 2", "dx on queue 1",
                                   "queue 1 waits for queue 2"));
}

TEST(Branch, NothingBesideWhichItCouldRunIsNoBranch) {
  differentiate(two_queues(), false);
  EXPECT_THAT(asked(), ElementsAre("dw on queue 1"));
}

TEST(Branch, EndsWithAnException) {
  Context context({.device = two_queues()});
  const ContextGuard guard(context);
  const auto fail_on_it = [&] {
    Branch branch(context.device());
    branch.run([] { throw std::runtime_error("no"); });
  };
  EXPECT_THROW(fail_on_it(), std::runtime_error);
  ASSERT_EQ(asked().size(), 2u);
  EXPECT_EQ(asked()[1], "queue 1 waits for queue 2");
  EXPECT_EQ(name_of(context.stream(context.device())), "queue 1");
}

}  // namespace
}  // namespace smtrain
