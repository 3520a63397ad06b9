// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/cuda_libraries.h"

#include "smtrain/engine/io/file.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace smtrain::cuda {
namespace {

namespace fs = std::filesystem;

// Of CUDA 13, in the order in which they need each other or open each other by name.
constexpr const char* kLibraries[] = {
    "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libnvrtc-builtins.so.13",
    "libnvrtc.so.13",  "libcudnn.so.9",     "libnccl.so.2"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Adds the folders of NVIDIA's packages in lib/python3*/, for `lib` as Python's installations have
/// it.
void add_packages(const fs::path& lib, std::vector<fs::path>& places) {
  for (const fs::path& python : entries_of(lib)) {
    if (!python.filename().string().starts_with("python3")) continue;
    for (const char* packages : {"site-packages", "dist-packages"}) {
      for (const char* part : {"cu13", "cudnn", "nccl"}) {
        const fs::path place = python / packages / "nvidia" / part / "lib";
        if (is_folder(place) && std::find(places.begin(), places.end(), place) == places.end())
          places.push_back(place);
      }
    }
  }
}

/// The file of a library, whose name may go on with a further number (".13" with ".0").
fs::path library_in(const fs::path& place, const std::string& name) {
  if (is_file(place / name)) return place / name;
  for (const fs::path& entry : entries_of(place))
    if (entry.filename().string().starts_with(name + ".")) return entry;
  return {};
}

}  // namespace

std::vector<fs::path> library_places(const LibraryVariables& variables) {
  std::vector<fs::path> places;
  if (!variables.chosen.empty()) places.push_back(variables.chosen);
  std::istringstream path(variables.path);
  for (std::string folder; std::getline(path, folder, ':');) {
    if (!folder.empty() && is_file(fs::path(folder) / "python3"))
      add_packages(fs::path(folder).parent_path() / "lib", places);
  }
  if (!variables.home.empty()) add_packages(fs::path(variables.home) / ".local/lib", places);
  for (const char* lib : {"/usr/local/lib", "/usr/lib"}) add_packages(lib, places);
  places.push_back("/usr/local/cuda/lib64");
  return places;
}

void load_libraries() {
  const std::vector<fs::path> places =
      library_places({.chosen = variable("SMTRAIN_CUDA_LIBRARY_DIR"),
                      .path = variable("PATH"),
                      .home = variable("HOME")});
  for (const char* name : kLibraries) {
    for (const fs::path& place : places) {
      const fs::path library = library_in(place, name);
      if (!library.empty() && dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL) != nullptr) break;
    }
  }
}

}  // namespace smtrain::cuda
