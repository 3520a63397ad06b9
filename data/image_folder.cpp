// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/image_folder.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/letters.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace smtrain::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> kExtensions = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                                         ".pgm", ".tif",  ".tiff", ".webp"};

constexpr size_t kMostFolders = 20'000;  // below a class: links can make them endless

struct Listing {
  std::vector<std::string> folders, files;  // names, sorted by bytes; what is no folder is a file
};

Listing list(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code broken_link;  // is then a file, and reading it will say what is wrong
    auto& kind = entry->is_directory(broken_link) ? listing.folders : listing.files;
    kind.push_back(entry->path().filename().string());
  }
  if (error) bad_input("ImageFolder: cannot list ", folder.string(), ": ", error.message());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

using FolderId = std::pair<dev_t, ino_t>;

FolderId id_of(const fs::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    bad_input("ImageFolder: cannot list ", folder.string(), ": ", system_message());
  }
  return {status.st_dev, status.st_ino};
}

/// Adds `folder` and all folders below it. `above` holds the folders on the way down to it.
void collect_folders(const fs::path& folder, std::vector<FolderId>& above,
                     std::vector<std::pair<std::string, std::vector<std::string>>>& collected) {
  const FolderId id = id_of(folder);
  if (std::ranges::find(above, id) != above.end())
    bad_input("ImageFolder: ", folder.string(), ": symbolic links lead back to a folder above");
  if (collected.size() == kMostFolders) {
    bad_input("ImageFolder: ", folder.string(), ": more than ", kMostFolders,
              " folders in a class; do symbolic links lead to the same ones again and again?");
  }
  Listing listing = list(folder);
  collected.emplace_back(folder.string(), std::move(listing.files));
  above.push_back(id);
  for (const std::string& name : listing.folders) collect_folders(folder / name, above, collected);
  above.pop_back();
}

}  // namespace

bool is_picture(const std::string& name) {
  const std::string small = lower_case(name);
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](std::string_view extension) { return small.ends_with(extension); });
}

ImageFolder::ImageFolder(const fs::path& root, const DecodeOptions& decode_options)
    : decode_options_(decode_options) {
  std::string empty;
  for (const std::string& name : list(root).folders) {
    const size_t before = files_.size();
    list_class(root / name, std::ssize(classes_));
    if (files_.size() > before) {
      classes_.push_back(name);
    } else if (!name.starts_with('.')) {
      empty += (empty.empty() ? "" : ", ") + name;
    }
  }
  if (classes_.empty() && empty.empty())
    bad_input("ImageFolder: ", root.string(), ": expected a folder per class, found none");
  if (!empty.empty()) {
    std::string extensions;
    for (const auto extension : kExtensions)
      extensions.append(extensions.empty() ? "" : " ").append(extension);
    bad_input("ImageFolder: ", root.string(), ": no pictures for the classes ", empty,
              " (looked for ", extensions, ")");
  }
}

void ImageFolder::list_class(const fs::path& folder, int64_t target) {
  std::vector<FolderId> above;
  std::vector<std::pair<std::string, std::vector<std::string>>> folders;
  collect_folders(folder, above, folders);
  std::sort(folders.begin(), folders.end());
  for (const auto& [path, names] : folders) {
    for (const std::string& name : names) {
      if (is_picture(name)) files_.push_back({(fs::path(path) / name).string(), target});
    }
  }
}

const ImageFolder::File& ImageFolder::file(int64_t index) const {
  check(index >= 0 && index < size(), "ImageFolder: index ", index, " is out of range for ", size(),
        " samples");
  return files_[static_cast<size_t>(index)];
}

Sample ImageFolder::get(int64_t index) const {
  const File& picture = file(index);
  return {.image = decode_file(picture.path, decode_options_), .target = picture.target};
}

std::string ImageFolder::decoding() const {
  return concat_text("channels ", decode_options_.channels, ", exif orientation ",
                     decode_options_.apply_exif_orientation);
}

}  // namespace smtrain::data
