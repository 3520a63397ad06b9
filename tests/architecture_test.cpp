// SPDX-License-Identifier: Apache-2.0

// The walls of the house (README, "How it is built"), checked by reading every source file.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace smtrain {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kFloors = {"kernels", "engine", "nn", "data", "apps"};

// Folder -> folders of ours that it may include. tests/, bench/ and apps/ may include anything.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"kernels", {"kernels"}},
    {"engine", {"engine", "kernels"}},
    {"nn", {"nn", "engine"}},
    {"data", {"data", "engine"}},
};

// The words that every floor shares live on the lowest one: plain types, one macro, one function of
// numbers.
const std::set<std::string> kVocabulary = {"kernels/vectorize.h", "kernels/dtype.h",
                                           "kernels/layout.h", "kernels/philox.h",
                                           "kernels/stream.h"};

// Library headers that one place alone may include: a library is replaced there, and slow headers
// are paid for once.
struct Confined {
  std::string header;  // how the included name begins
  std::string place;   // how the including path begins
};
const std::vector<Confined> kConfined = {
    {"CLI/", "apps/config/command_line"},
    {"cublas", "kernels/cuda/"},
    {"cuda", "kernels/cuda/"},
    {"cudnn", "kernels/cuda/"},
    {"isa-l/", "engine/io/compression"},
    {"jpeglib.h", "data/"},
    {"oneapi/dnnl/", "kernels/cpu/"},
    {"png.h", "data/"},
    {"stb_image.h", "data/decode_stb"},
    {"webp/", "data/decode_webp"},
    {"yaml-cpp/", "apps/config/yaml_reader"},
};

struct Include {
  std::string name;
  bool quoted = false;
};

std::string floor_of(const std::string& path) { return path.substr(0, path.find('/')); }

/// What is wrong with `path` (relative to the repository) including `include`; empty when nothing
/// is.
std::string complaint(const std::string& path, const Include& include) {
  const std::string folder = floor_of(path);
  if (!include.quoted) {
    for (const Confined& confined : kConfined) {
      if (kFloors.contains(folder) && include.name.starts_with(confined.header) &&
          !path.starts_with(confined.place)) {
        return path + " includes <" + include.name + ">, which belongs to " + confined.place;
      }
    }
    if (!include.name.starts_with("smtrain/")) return "";
  } else if (!include.name.starts_with("smtrain/")) {
    return path + " includes \"" + include.name +
           "\": ours are spelled \"smtrain/...\", others <...>";
  }
  const std::string target = include.name.substr(std::string("smtrain/").size());
  const auto arrows = kArrows.find(folder);
  if (arrows == kArrows.end() || arrows->second.contains(floor_of(target)) ||
      kVocabulary.contains(target)) {
    return "";
  }
  return path + " includes \"" + include.name + "\": " + folder + "/ must not know " +
         floor_of(target) + "/";
}

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re",
                                   std::regex::multiline);
  std::vector<Include> includes;
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
    includes.push_back({.name = (*it)[2], .quoted = (*it)[1] == "\""});
  }
  return includes;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Source {
  std::string path;  // relative to the repository
  std::string text;
};

const std::vector<Source>& sources() {
  static const std::vector<Source> kSources = [] {
    const fs::path root = SMTRAIN_SOURCE_DIR;
    const std::set<std::string> extensions = {".h", ".cpp", ".cu", ".cuh"};
    std::vector<Source> found;
    for (const char* folder :
         {"kernels", "engine", "nn", "data", "apps", "tests", "bench", "docs"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        if (!extensions.contains(entry.path().extension())) continue;
        found.push_back({fs::relative(entry.path(), root), read(entry.path())});
      }
    }
    return found;
  }();
  return kSources;
}

TEST(Architecture, RulesSeeWhatTheyForbid) {
  const auto quoted = [](const char* path, const char* name) {
    return complaint(path, {.name = name, .quoted = true});
  };
  EXPECT_EQ(quoted("kernels/pool.h", "smtrain/engine/error.h"),
            "kernels/pool.h includes \"smtrain/engine/error.h\": kernels/ must not know engine/");
  EXPECT_EQ(quoted("nn/linear.cpp", "smtrain/data/image.h"),
            "nn/linear.cpp includes \"smtrain/data/image.h\": nn/ must not know data/");
  EXPECT_EQ(quoted("nn/linear.cpp", "smtrain/kernels/table.h"),
            "nn/linear.cpp includes \"smtrain/kernels/table.h\": nn/ must not know kernels/");
  EXPECT_EQ(quoted("nn/linear.cpp", "linear.h"),
            "nn/linear.cpp includes \"linear.h\": ours are spelled \"smtrain/...\", others <...>");
  EXPECT_EQ(complaint("engine/a.cpp", {.name = "oneapi/dnnl/dnnl.hpp"}),
            "engine/a.cpp includes <oneapi/dnnl/dnnl.hpp>, which belongs to kernels/cpu/");
  EXPECT_EQ(quoted("data/image.h", "smtrain/kernels/dtype.h"), "");
  EXPECT_EQ(quoted("engine/tensor.cpp", "smtrain/kernels/table.h"), "");
  EXPECT_EQ(quoted("apps/main.cpp", "smtrain/nn/module.h"), "");
}

TEST(Architecture, ReaderSeesBothKindsOfInclude) {
  const std::vector<Include> includes =
      includes_of("#pragma once\n#include <vector>\n  # include \"smtrain/a.h\"\n");
  ASSERT_EQ(includes.size(), 2u);
  EXPECT_EQ(includes[0].name, "vector");
  EXPECT_FALSE(includes[0].quoted);
  EXPECT_EQ(includes[1].name, "smtrain/a.h");
  EXPECT_TRUE(includes[1].quoted);
}

TEST(Architecture, ArrowsGoDownOnly) {
  ASSERT_FALSE(sources().empty());
  for (const Source& source : sources()) {
    for (const Include& include : includes_of(source.text)) {
      EXPECT_EQ(complaint(source.path, include), "");
    }
  }
}

TEST(Architecture, EverySourceNamesItsLicenceFirst) {
  for (const Source& source : sources()) {
    EXPECT_TRUE(source.text.starts_with("// SPDX-License-Identifier: Apache-2.0\n")) << source.path;
  }
}

TEST(Architecture, EveryHeaderIsGuarded) {
  for (const Source& source : sources()) {
    if (source.path.ends_with(".cpp") || source.path.ends_with(".cu")) continue;
    EXPECT_NE(source.text.find("\n#pragma once\n"), std::string::npos) << source.path;
  }
}

TEST(Architecture, OneFileHoldsOneIdea) {
  for (const Source& source : sources()) {
    EXPECT_LE(std::count(source.text.begin(), source.text.end(), '\n'), 500) << source.path;
  }
}

// A file that no list names is compiled by nobody.
TEST(Architecture, EverySourceIsListed) {
  const fs::path root = SMTRAIN_SOURCE_DIR;
  for (const Source& source : sources()) {
    if (!source.path.ends_with(".cpp")) continue;
    fs::path folder = (root / source.path).parent_path();
    while (!fs::exists(folder / "CMakeLists.txt")) folder = folder.parent_path();
    const std::string listed = fs::relative(root / source.path, folder);
    std::istringstream words(
        std::regex_replace(read(folder / "CMakeLists.txt"), std::regex("[()]"), " "));
    EXPECT_TRUE(std::count(std::istream_iterator<std::string>(words), {}, listed) > 0)
        << source.path << " is not in the CMakeLists.txt of its folder";
  }
}

}  // namespace
}  // namespace smtrain
