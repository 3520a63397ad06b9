// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/call.h"

#include "smtrain/engine/tensor.h"
#include "smtrain/kernels/failure.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

using testing::ElementsAre;

// A device that lacks one kernel, and one whose fill fails on request.
Device without_fill() {
  static const KernelTable kernels = [] {
    KernelTable table = cpu_kernels();
    table.fill = nullptr;
    return table;
  }();
  static const Device device = register_device("without_fill", kernels, cpu_device());
  return device;
}

constexpr double kBad = -1;  // the value that the failing device can't fill with

Device failing() {
  static const KernelTable kernels = [] {
    KernelTable table = cpu_kernels();
    table.fill = [](const FillArgs& args, Stream stream) {
      if (args.value == kBad) {
        kernel_failure = "fill: broken";
      } else {
        cpu_kernels().fill(args, stream);
      }
    };
    return table;
  }();
  static const Device device = register_device("failing", kernels, cpu_device());
  return device;
}

TEST(Call, NamesAKernelThatTheDeviceLacks) {
  EXPECT_THROW(zeros({2}, {}, without_fill()), std::runtime_error);
  EXPECT_THROW_WITH(zeros({2}, {}, without_fill()), "fill: device without_fill has no such kernel");
}

TEST(Call, KnowsTheNameOfEveryKernel) {
  const KernelTable& kernels = Device::cpu().kernels();
#define SMTRAIN_EXPECT_NAMED(name, Args)                               \
  EXPECT_THROW_WITH(throw_missing_entry(Device::cpu(), &kernels.name), \
                    #name ": device cpu has no such kernel");
  SMTRAIN_KERNELS(SMTRAIN_EXPECT_NAMED)
#undef SMTRAIN_EXPECT_NAMED
}

TEST(Call, RaisesAFailureOnce) {
  EXPECT_THROW(full({2}, kBad, {}, failing()), std::runtime_error);
  EXPECT_THROW_WITH(full({2}, kBad, {}, failing()), "fill: broken");
  EXPECT_THAT(full({2}, 3, {}, failing()).to_vector<float>(), ElementsAre(3, 3));
}

TEST(Call, PutsOnTheTapeWhatSucceeded) {
  const Tensor x = zeros({2}, {}, failing());
  const auto fill = [&x](double value) {
    call(failing(), &KernelTable::fill,
         FillArgs{.count = 2, .dtype = DType::f32, .value = value, .y = x.data()});
  };
  Tape tape;
  Context::current().set_tape(&tape);
  fill(5);
  EXPECT_THROW_WITH(fill(kBad), "fill: broken");
  Context::current().set_tape(nullptr);
  fill(6);
  EXPECT_EQ(tape.size(), 1u);
  tape.replay();
  EXPECT_THAT(x.to_vector<float>(), ElementsAre(5, 5));
}

TEST(Call, AReplayRaisesFailuresToo) {
  static bool broken = false;
  Tape tape;
  tape.append(
      Device::cpu(),
      +[](const FillArgs&, Stream) {
        if (broken) kernel_failure = "fill: broken";
      },
      FillArgs{}, Stream{});
  tape.replay();
  broken = true;
  EXPECT_THROW_WITH(tape.replay(), "fill: broken");
  broken = false;
  tape.replay();
}

}  // namespace
}  // namespace smtrain
