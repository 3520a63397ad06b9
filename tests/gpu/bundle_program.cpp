// SPDX-License-Identifier: Apache-2.0

// The bundle's program, under four names: smtrain; gpu_test, all tests on a GPU; gpu_worker and
// conv_efficiency, what bench/gpu runs. It is one because each of them has the kernels of the CPU,
// some 4 MB, in it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

// The main() of apps/main.cpp and of those in bench/, which are compiled here by these names.
int smtrain_main(int argc, char** argv);
int conv_efficiency_main(int argc, char** argv);
int gpu_worker_main(int argc, char** argv);

int main(int argc, char** argv) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  if (name == "conv_efficiency") return conv_efficiency_main(argc, argv);
  if (name == "gpu_worker") return gpu_worker_main(argc, argv);
  if (name != "gpu_test") return smtrain_main(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
