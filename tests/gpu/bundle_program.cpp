// SPDX-License-Identifier: Apache-2.0

// The bundle's program, under three names: smtrain; gpu_test, all tests on a GPU; gpu_worker, our
// side of bench/gpu. It is one because each of them has the kernels of the CPU, some 4 MB, in it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

// The main() of apps/main.cpp and of bench/gpu_worker.cpp, which are compiled here by these names.
int smtrain_main(int argc, char** argv);
int gpu_worker_main(int argc, char** argv);

int main(int argc, char** argv) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  if (name == "gpu_worker") return gpu_worker_main(argc, argv);
  if (name != "gpu_test") return smtrain_main(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
