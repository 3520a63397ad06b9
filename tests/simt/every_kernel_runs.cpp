// SPDX-License-Identifier: Apache-2.0

// Every kernel of kernels/cuda/ runs on the emulator, in each of its instantiations: linked into a
// program with all tests of kernels, this fails it at its end when they left one out.

#include "smtrain/tests/engine/op_test.h"
#include "smtrain/tests/simt/device.h"
#include "smtrain/tests/simt/kernels.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace smtrain {

/// In one order: other programs show that results are the same in all.
std::vector<Device> test::test_devices() { return {simt::devices()[0]}; }

namespace simt {
namespace {

/// The names of the functions that a source declares to be __global__.
std::set<std::string> kernels_of_source(const std::string& text) {
  static const std::regex kKernel(
      R"re(__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+))re");
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), kKernel), end; it != end; ++it)
    names.insert((*it)[1]);
  return names;
}

std::set<std::string> kernels_of_sources() {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(SMTRAIN_SOURCE_DIR "/kernels/cuda")) {
    std::ifstream file(entry.path());
    names.merge(kernels_of_source({std::istreambuf_iterator<char>(file), {}}));
  }
  return names;
}

class EveryKernelRuns : public testing::Environment {
  void TearDown() override {
    std::set<std::string> functions;
    for (const Kernel& kernel : kernels_of_program()) {
      functions.insert(kernel.function);
      EXPECT_TRUE(kernel.has_run) << kernel.name << ": no test of this program runs it";
    }
    for (const std::string& name : kernels_of_sources()) {
      EXPECT_TRUE(functions.contains(name))
          << name << ": a kernel of kernels/cuda that this program has no instance of; its name "
          << "must end in _kernel, hand_written.cmake must list its file, and an entry launch it";
    }
  }
};

const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new EveryKernelRuns);

TEST(KernelsOfSource, AreThoseThatAreGlobal) {
  EXPECT_EQ(kernels_of_source("__global__ void __launch_bounds__(kColumns* kLines)\n"
                              "    a_kernel(int n) {}\n"
                              "__device__ void not_one(int n);\n"
                              "static __global__ void b_kernel() {}\n"
                              "__host__ __device__ int neither();\n"),
            (std::set<std::string>{"a_kernel", "b_kernel"}));
}

}  // namespace
}  // namespace simt
}  // namespace smtrain
