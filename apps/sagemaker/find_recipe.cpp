// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/find_recipe.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/tar.h"

#include <algorithm>
#include <system_error>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

fs::path channel_folder(const Environment& environment, const std::string& name) {
  for (const Channel& channel : environment.channels) {
    if (channel.name == name) return channel.folder;
  }
  return environment.base / "input/data" / name;
}

fs::path recipe_in(const fs::path& folder) {
  if (is_file(folder / "smtrain.yaml")) return folder / "smtrain.yaml";
  std::vector<fs::path> recipes;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const bool is_yaml = entry.path().extension() == ".yaml" || entry.path().extension() == ".yml";
    if (is_yaml && is_file(entry.path())) recipes.push_back(entry.path());
  }
  std::sort(recipes.begin(), recipes.end());
  check(recipes.size() <= 1, folder.string(), ": holds several recipes; name one by --config or ",
        "call it smtrain.yaml");
  return recipes.empty() ? fs::path() : recipes.front();
}

fs::path asked_for(const Environment& environment, const std::string& asked) {
  std::vector<fs::path> places = {asked};
  if (fs::path(asked).is_relative()) {
    places.push_back(environment.base / "code" / asked);
    places.push_back(channel_folder(environment, "config") / asked);
  }
  std::string list;
  for (const fs::path& place : places) {
    if (is_file(place)) return place;
    list += (list.empty() ? "" : ", ") + place.string();
  }
  if (!environment.in_container) return asked;  // reading it says what is wrong
  mistake("config: there is no file ", list);
}

}  // namespace

fs::path find_recipe(const Environment& environment, const std::string& asked, Scratch& scratch) {
  if (!asked.empty()) return asked_for(environment, asked);
  if (!environment.in_container) return {};
  const fs::path own = environment.base / "input/config/smtrain.yaml";
  if (is_file(own)) return own;
  if (const fs::path recipe = recipe_in(channel_folder(environment, "config")); !recipe.empty())
    return recipe;
  for (const Channel& channel : environment.channels) {
    const fs::path archive = fs::path(channel.folder) / "sourcedir.tar.gz";
    if (!is_file(archive)) continue;
    unpack_tar_gz(archive, scratch.folder());
    if (const fs::path recipe = recipe_in(scratch.folder()); !recipe.empty()) return recipe;
  }
  return recipe_in(environment.base / "code");
}

}  // namespace smtrain::app
