// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/find_recipe.h"

#include "smtrain/apps/config/yaml_reader.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/tar.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <vector>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr char kUsualName[] = "smtrain.yaml";

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

fs::path channel_folder(const Environment& environment, const std::string& name) {
  for (const Channel& channel : environment.channels) {
    if (channel.name == name) return channel.folder;
  }
  return environment.base / "input/data" / name;
}

/// The usual name among some, or the only one; empty where there is none.
std::string choose(const std::vector<std::string>& names, const std::string& place) {
  if (std::count(names.begin(), names.end(), kUsualName) > 0) return kUsualName;
  check(names.size() <= 1, place, ": holds several recipes; name one by --config or call it ",
        kUsualName);
  return names.empty() ? "" : names.front();
}

FoundRecipe recipe_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_yaml(entry->path()) && is_file(entry->path())) names.push_back(entry->path().filename());
  }
  const std::string name = choose(names, folder);
  return name.empty() ? FoundRecipe{} : FoundRecipe{.name = folder / name, .text = {}};
}

/// The recipes at the top of an archive and, wherever it lies, the one called `asked`.
std::map<std::string, std::string> recipes_in_archive(const fs::path& archive,
                                                      const std::string& asked) {
  std::map<std::string, std::string> recipes;
  const MappedFile file(archive);
  read_tar_gz(file.bytes(), archive, [&](const TarEntry& entry, const TarReader& read) {
    const bool is_wanted = asked.empty()
                               ? is_yaml(entry.name) && !fs::path(entry.name).has_parent_path()
                               : entry.name == fs::path(asked).lexically_normal();
    if (!is_wanted || entry.is_folder) return;
    if (entry.size > kMaxRecipeBytes)
      bad_input(archive.string(), ": ", entry.name, " has ", entry.size,
                " bytes, expected at most ", kMaxRecipeBytes);
    std::string text(entry.size, '\0');
    read({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    recipes[entry.name] = std::move(text);
  });
  return recipes;
}

FoundRecipe recipe_in_archives(const Environment& environment, const std::string& asked) {
  for (const Channel& channel : environment.channels) {
    const fs::path archive = fs::path(channel.folder) / "sourcedir.tar.gz";
    if (!is_file(archive)) continue;
    const auto recipes = recipes_in_archive(archive, asked);
    std::vector<std::string> names;
    for (const auto& [name, text] : recipes) names.push_back(name);
    const std::string name = choose(names, archive);
    if (!name.empty()) return {.name = archive.string() + ":" + name, .text = recipes.at(name)};
  }
  return {};
}

FoundRecipe asked_for(const Environment& environment, const std::string& asked) {
  std::vector<fs::path> places = {asked};
  if (environment.in_container && fs::path(asked).is_relative()) {
    places.push_back(environment.base / "code" / asked);
    places.push_back(channel_folder(environment, "config") / asked);
  }
  std::string list;
  for (const fs::path& place : places) {
    if (is_file(place)) return {.name = place, .text = {}};
    list += (list.empty() ? "" : ", ") + place.string();
  }
  if (places.size() > 1) {
    FoundRecipe recipe = recipe_in_archives(environment, asked);
    if (!recipe.name.empty()) return recipe;
  }
  check(!is_folder(asked), "config: ", asked, " is a folder, expected a recipe's file");
  mistake("config: there is no file ", list);
}

}  // namespace

FoundRecipe find_recipe(const Environment& environment, const std::string& asked) {
  if (!asked.empty()) return asked_for(environment, asked);
  if (!environment.in_container) return {};
  const fs::path own = environment.base / "input/config" / kUsualName;
  if (is_file(own)) return {.name = own, .text = {}};
  FoundRecipe recipe = recipe_in(channel_folder(environment, "config"));
  if (recipe.name.empty()) recipe = recipe_in_archives(environment, "");
  if (recipe.name.empty()) recipe = recipe_in(environment.base / "code");
  return recipe;
}

}  // namespace smtrain::app
