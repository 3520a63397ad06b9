// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/cuda_device.h"

#include "smtrain/engine/cuda_libraries.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/kernels/cuda_module.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace smtrain::cuda {
namespace {

namespace fs = std::filesystem;

constexpr char kLibrary[] = "libsmtrain_cuda.so";

/// What the loader reported last.
std::string loader_message() {
  const char* message = dlerror();
  return message == nullptr ? "it can't be loaded" : message;
}

fs::path folder_of_program() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

std::vector<fs::path> places_of_library() {
  std::vector<fs::path> places;
  if (const char* chosen = std::getenv("SMTRAIN_LIBRARY_DIR")) places.push_back(chosen);
  if (const fs::path own = folder_of_program(); !own.empty()) {
    places.push_back(own);
    places.push_back(own.parent_path() / "lib");
  }
  places.push_back(SMTRAIN_INSTALLED_LIBRARY_DIR);
  return places;
}

/// The opened library and what it says, or why there is none.
struct Library {
  const CudaModule* module = nullptr;
  std::string unusable;

  Library() {
    const fs::path path = find();
    if (path.empty()) {
      unusable = std::string(kLibrary) + " is not installed";
    } else if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) == nullptr) {
      // Asked here, because the library brings in hundreds of megabytes.
      unusable = "there is no NVIDIA driver";
    } else {
      open(path);
    }
  }

 private:
  static fs::path find() {
    for (const fs::path& place : places_of_library())
      if (is_file(place / kLibrary)) return place / kLibrary;
    return {};
  }

  void open(const fs::path& path) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      load_libraries();
      handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    }
    if (handle == nullptr) {
      unusable = loader_message();
      return;
    }
    const auto tables = reinterpret_cast<OpenCudaModule>(dlsym(handle, kOpenCudaModule));
    const CudaModule* opened = tables == nullptr ? nullptr : tables(SMTRAIN_KERNELS_ABI);
    if (opened == nullptr) {
      unusable = std::string(kLibrary) + " is of another version of smtrain";
    } else if (const char* reason = opened->unusable()) {
      unusable = reason;
    } else {
      module = opened;
    }
  }
};

const Library& library() {
  static const Library opened;
  return opened;
}

/// The GPU that this process has taken.
struct Taken {
  std::mutex mutex;
  std::optional<std::pair<int, Device>> gpu;
  std::string description;
};

Taken& taken() {
  static Taken one;
  return one;
}

}  // namespace

int gpu_count() { return library().module == nullptr ? 0 : library().module->gpus(); }

const std::string& unusable() { return library().unusable; }

Device device(int gpu) {
  check(library().module != nullptr, "device: cuda:", gpu, ": ", unusable(),
        "; device: cpu or auto computes on the CPU");
  const CudaModule& module = *library().module;
  const std::lock_guard lock(taken().mutex);
  if (taken().gpu) {
    check(taken().gpu->first == gpu, "device: cuda:", gpu, ": this process computes on ",
          taken().gpu->second);
    return taken().gpu->second;
  }
  check(gpu >= 0 && gpu < module.gpus(), "device: no GPU is numbered ", gpu, " (there are ",
        module.gpus(), ", the first is 0)");
  if (const char* reason = module.choose(gpu)) fail("device: cuda:", gpu, ": ", reason);
  const Device device = register_device(concat_text("cuda:", gpu), *module.kernels, *module.memory);
  taken().gpu = {gpu, device};
  taken().description = module.describe();
  return device;
}

const std::string& description() { return taken().description; }

}  // namespace smtrain::cuda
