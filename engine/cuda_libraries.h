// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace smtrain::cuda {

/// Variables of the environment that say where libraries may lie; empty when they are not set.
struct LibraryVariables {
  std::string chosen;  // SMTRAIN_CUDA_LIBRARY_DIR
  std::string path;    // PATH, whose python3 may have packages
  std::string home;    // HOME, likewise
};

/// The folders that may hold NVIDIA's libraries where the loader does not find them, in the order
/// in which they are asked: the chosen one, the nvidia/* packages of the Pythons on the path, of
/// the user's own and of the system's, /usr/local/cuda/lib64.
std::vector<std::filesystem::path> library_places(const LibraryVariables& variables);

/// Makes NVIDIA's libraries in those folders known to the loader.
void load_libraries();

}  // namespace smtrain::cuda
