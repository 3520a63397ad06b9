// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/device_plans.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/tests/planned_device.h"
#include "smtrain/tests/temporary_directory.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace smtrain {
namespace {

DevicePlans some_plans() {
  return {.valid_for = "NVIDIA X, cuDNN 1.2.3",
          .of_operation = {{"result of a f32 convolution", {"70 2=5", 0.125F}},
                           {"weight gradient", {"1", 0.1F}},
                           {"untimed", {"7 1=-3", 0}}}};
}

std::string sealed(const std::string& text) {
  return text + "sha256 " + sha256(bytes_of(text)) + "\n";
}

std::string failure_of(const std::string& text) {
  try {
    parse_device_plans(text, "plans.txt");
  } catch (const BadInput& error) {
    return error.what();
  }
  return "";
}

TEST(DevicePlans, AreTheSameAfterTheirText) {
  const std::string text = text_of(some_plans());
  EXPECT_THAT(text, testing::StartsWith("smtrain plans 1\n"
                                        "for NVIDIA X, cuDNN 1.2.3\n"
                                        "0.125\t70 2=5\tresult of a f32 convolution\n"
                                        "0\t7 1=-3\tuntimed\n"
                                        "0.1\t1\tweight gradient\n"
                                        "sha256 "));
  EXPECT_EQ(parse_device_plans(text, "plans.txt"), some_plans());
  EXPECT_EQ(parse_device_plans(text_of({}), "plans.txt"), DevicePlans());
}

TEST(DevicePlans, TextThatEndsEarlyOrChangesAnywhereIsRefused) {
  const std::string text = text_of(some_plans());
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_NE(failure_of(text.substr(0, size)), "") << size;
  for (size_t i = 0; i < text.size(); ++i) {
    for (const int bit : {1, 128}) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ bit);
      EXPECT_NE(failure_of(other), "") << i;
    }
  }
}

TEST(DevicePlans, WhatIsWrongIsNamedWithItsLine) {
  const std::string head = "smtrain plans 1\nfor X\n";
  EXPECT_EQ(failure_of(""), "plans.txt:1: is cut off");
  EXPECT_EQ(failure_of("smtrain plans 2\n"), "plans.txt:1: expected 'smtrain plans 1'");
  EXPECT_EQ(failure_of("smtrain plans 1\nX\n"),
            "plans.txt:2: expected the device that the plans are for");
  EXPECT_EQ(failure_of(head), "plans.txt:3: is cut off");
  EXPECT_EQ(failure_of(sealed(head + "1\tname\n")),
            "plans.txt:3: expected a time, a plan, an operation");
  for (const char* time : {"", "x", "1x", "-1", "nan", "inf", " 1"}) {
    EXPECT_EQ(failure_of(sealed(head + time + "\tname\toperation\n")),
              "plans.txt:3: expected a time in milliseconds");
  }
  EXPECT_EQ(failure_of(sealed(head + "1\ta\tx\n1\tb\tx\n")),
            "plans.txt:4: names an operation again");
  EXPECT_EQ(failure_of(sealed(head + "1\ta\x1b[1m\tx\n")), "plans.txt:3: has a control character");
  EXPECT_EQ(failure_of(head + "sha256 00\n"), "plans.txt:3: the checksum is another");
  EXPECT_EQ(failure_of(sealed(head) + "more\n"), "plans.txt:3: is not the end");
  EXPECT_EQ(failure_of(sealed(head)), "");
}

class DevicePlansFile : public testing::Test {
 protected:
  DevicePlans there() const { return read_device_plans(file_); }

  test::TemporaryDirectory directory_;
  const std::string file_ = directory_ / "x.txt";
};

TEST_F(DevicePlansFile, KeepsWhatItHasAndTakesWhatIsNew) {
  add_device_plans(file_, some_plans());
  EXPECT_EQ(there(), some_plans());
  add_device_plans(file_, {.valid_for = some_plans().valid_for,
                           .of_operation = {{"untimed", {"another", 9}}, {"new", {"3", 1}}}});
  DevicePlans both = some_plans();
  both.of_operation["new"] = {"3", 1};
  EXPECT_EQ(there(), both);
}

TEST_F(DevicePlansFile, BrokenOneAndThatOfAnotherDeviceAreMadeAnew) {
  for (const std::string& before :
       {std::string("hostile\0\n", 9), text_of({.valid_for = "NVIDIA Y", .of_operation = {}})}) {
    write_file_atomically(file_, before);
    add_device_plans(file_, some_plans());
    EXPECT_EQ(there(), some_plans());
  }
}

TEST_F(DevicePlansFile, LosesNothingWhenProcessesWriteAtOnce) {
  constexpr int kProcesses = 4, kPlans = 25;
  std::vector<pid_t> processes;
  for (int p = 0; p < kProcesses; ++p) {
    processes.push_back(fork());
    if (processes.back() != 0) continue;
    for (int i = 0; i < kPlans; ++i) {
      const std::string operation = std::to_string(p) + "." + std::to_string(i);
      add_device_plans(file_, {.valid_for = "X", .of_operation = {{operation, {"plan", 1}}}});
    }
    _exit(0);
  }
  for (const pid_t process : processes) {
    int status = 0;
    ASSERT_EQ(waitpid(process, &status, 0), process);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(there().of_operation.size(), size_t{kProcesses * kPlans});
}

TEST_F(DevicePlansFile, FolderThatIsNotThereIsAnError) {
  EXPECT_THROW(add_device_plans(directory_ / "no/x.txt", some_plans()), std::runtime_error);
}

TEST(DevicePlans, PassFromAProcessToTheNextByADevicesTable) {
  const Device device = test::planned_cpu();
  test::planned_device() = {.chosen = {{"a", {"1 2=3", 0.5F}}, {"b", {"4", 0}}}};
  const DevicePlans chosen = chosen_plans(device);
  EXPECT_EQ(chosen, (DevicePlans{.valid_for = "NVIDIA X, cuDNN 1.2.3",
                                 .of_operation = {{"a", {"1 2=3", 0.5F}}, {"b", {"4", 0}}}}));
  tell_plans(device, chosen);
  EXPECT_EQ(test::planned_device().told.size(), 2u);
  EXPECT_EQ(test::planned_device().told.at("a").name, "1 2=3");
  EXPECT_EQ(test::planned_device().told.at("a").milliseconds, 0.5F);
}

TEST(DevicePlans, OfAnotherDeviceAreNotTold) {
  test::planned_device() = {};
  tell_plans(test::planned_cpu(),
             {.valid_for = "NVIDIA X, cuDNN 1.2.4", .of_operation = {{"a", {"1", 1}}}});
  EXPECT_TRUE(test::planned_device().told.empty());
}

TEST(DevicePlans, DeviceWithoutChoicesHasNone) {
  EXPECT_EQ(chosen_plans(Device::cpu()), DevicePlans());
  tell_plans(Device::cpu(), some_plans());
}

}  // namespace
}  // namespace smtrain
