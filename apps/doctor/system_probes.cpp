// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/doctor/probe.h"
#include "smtrain/apps/doctor/scratch_file.h"
#include "smtrain/engine/cuda_device.h"
#include "smtrain/engine/device.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/machine.h"
#include "smtrain/kernels/onednn.h"

#include <fmt/format.h>
#include <omp.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

std::string gigabytes(uint64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

/// The rest of the line of /proc/FILE that begins with `key` and has a colon.
std::string line_of(const char* file, std::string_view key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const size_t value =
        line.find_first_not_of(" \t", std::min(line.find(':'), line.size() - 1) + 1);
    return value == line.npos ? "" : line.substr(value);
  }
  return "";
}

std::string space_in(const fs::path& folder) {
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0) return "of unknown size";
  return gigabytes(uint64_t{space.f_bavail} * space.f_frsize) + " free of " +
         gigabytes(uint64_t{space.f_blocks} * space.f_frsize);
}

std::string instruction_sets() {
#if defined(__x86_64__)
  std::string found;
  const auto add = [&](int supported, const char* name) {
    if (supported != 0) found += std::string(found.empty() ? "" : " ") + name;
  };
  add(__builtin_cpu_supports("sse4.2"), "sse4.2");
  add(__builtin_cpu_supports("avx"), "avx");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  return found;
#else
  return "unknown instruction sets";
#endif
}

int gpu_devices() {
  int count = 0;
  while (::access(fmt::format("/dev/nvidia{}", count).c_str(), F_OK) == 0) ++count;
  return count;
}

}  // namespace

Finding BuildProbe::run() const {
#ifdef NDEBUG
  constexpr const char* kKind = "optimised";
#else
  constexpr const char* kKind = "with assertions";
#endif
#ifdef __clang__
  constexpr const char* kCompiler = __VERSION__;
#else
  constexpr const char* kCompiler = "GCC " __VERSION__;
#endif
  return {.text = fmt::format("smtrain {}, {}, {}", SMTRAIN_VERSION, kCompiler, kKind)};
}

Finding ProcessorProbe::run() const {
  const std::string model = line_of("/proc/cpuinfo", "model name");
  return {.text = (model.empty() ? "unknown" : model) + ": " + instruction_sets()};
}

Finding OneDnnProbe::run() const {
  return {.text = onednn_version() + ", computes with " + onednn_instruction_set()};
}

Finding GpuProbe::run() const {
  const int devices = gpu_devices();
  const std::string driver = line_of("/proc/driver/nvidia/version", "NVRM version");
  const std::string found =
      devices == 0 ? "none" : fmt::format("{}, {}", devices, driver.empty() ? "no driver" : driver);
  const std::string device = Device::best().name();
  const std::string& why = cuda::unusable();
  return {.text =
              found + "; jobs run on " + device + ": " + (why.empty() ? cuda::description() : why)};
}

Finding MemoryProbe::run() const {
  std::string text = gigabytes(physical_memory_bytes());
  if (const std::string free = line_of("/proc/meminfo", "MemAvailable"); !free.empty()) {
    text += ", " + gigabytes(std::strtoull(free.c_str(), nullptr, 10) * 1024) + " available";
  }
  const auto limit = memory_limit_bytes();
  return {.text = text + (limit ? ", the container may use " + gigabytes(*limit) : ", no limit")};
}

Finding ProcessorsProbe::run() const {
  const auto limit = processor_limit();
  return {.text = fmt::format("{} of {} allowed, {}, {} compute threads", allowed_processors(),
                              std::thread::hardware_concurrency(),
                              limit ? fmt::format("the time of {:.1f}", *limit) : "no limit",
                              omp_get_max_threads())};
}

Finding SharedMemoryProbe::run() const {
  return {.text = is_folder("/dev/shm") ? space_in("/dev/shm") : "not there"};
}

Finding ScratchProbe::run() const {
  const fs::path folder = scratch_folder();
  const ScratchFile writable;
  return {.text = space_in(folder) + " in " + folder.string()};
}

Finding SageMakerProbe::run() const {
  const fs::path base = variables.base();
  if (!is_folder(base)) return {.text = base.string() + " is not there"};
  std::string text;
  for (const char* place : {"input/data", "model", "output", "checkpoints"}) {
    const fs::path folder = base / place;
    const char* state = !is_folder(folder)                           ? "missing"
                        : ::access(folder.c_str(), W_OK | X_OK) == 0 ? "writable"
                                                                     : "read-only";
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", place, state);
  }
  return {.text = text};
}

}  // namespace smtrain::app
