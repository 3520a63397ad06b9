// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/cifar.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace smtrain::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32;
constexpr size_t kPictureBytes = 3 * kSide * kSide;  // planes of R, G and B

/// One of the two collections: its files, and the labels before each picture.
struct Layout {
  std::vector<std::string> files;
  size_t label_bytes;
  size_t label_at;
  int64_t classes;
  std::string names_file;
};

Layout layout_of(const fs::path& folder, const CifarOptions& options) {
  if (fs::exists(folder / "train.bin") || fs::exists(folder / "test.bin")) {
    return {.files = {options.train ? "train.bin" : "test.bin"},
            .label_bytes = 2,  // coarse, then fine
            .label_at = options.coarse ? 0u : 1u,
            .classes = options.coarse ? 20 : 100,
            .names_file = options.coarse ? "coarse_label_names.txt" : "fine_label_names.txt"};
  }
  Layout layout{.files = {"test_batch.bin"},
                .label_bytes = 1,
                .label_at = 0,
                .classes = 10,
                .names_file = "batches.meta.txt"};
  if (options.train) {
    layout.files.clear();
    for (int i = 1; i <= 5; ++i) layout.files.push_back("data_batch_" + std::to_string(i) + ".bin");
  }
  return layout;
}

/// One name per line; blank lines are none.
std::vector<std::string> class_names(const fs::path& path, int64_t classes) {
  std::vector<std::string> names;
  if (fs::exists(path)) {
    const auto bytes = read_file(path, 1 << 20);
    std::istringstream lines(std::string(bytes.begin(), bytes.end()));
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    if (static_cast<int64_t>(names.size()) != classes) {
      bad_input(path.string(), ": expected ", classes, " class names, found ", names.size());
    }
  } else {
    for (int64_t c = 0; c < classes; ++c) names.push_back(std::to_string(c));
  }
  return names;
}

void append_records(const fs::path& path, const Layout& layout, Array& images, Array& labels) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const size_t record_bytes = layout.label_bytes + kPictureBytes;
  if (bytes.empty() || bytes.size() % record_bytes != 0) {
    bad_input(path.string(), ": ", bytes.size(), " bytes are not a whole number of records of ",
              record_bytes, " bytes");
  }
  for (size_t at = 0; at < bytes.size(); at += record_bytes) {
    const uint8_t label = bytes[at + layout.label_at];
    if (label >= layout.classes) {
      bad_input(path.string(), ": record ", at / record_bytes, " has label ", int{label},
                ", expected 0 to ", layout.classes - 1);
    }
    labels.bytes.push_back(label);
    const auto picture = bytes.subspan(at + layout.label_bytes, kPictureBytes);
    images.bytes.insert(images.bytes.end(), picture.begin(), picture.end());
  }
}

}  // namespace

std::shared_ptr<CifarDataset> CifarDataset::open(const fs::path& folder,
                                                 const CifarOptions& options) {
  const Layout layout = layout_of(folder, options);
  Array images{.dtype = DType::u8}, labels{.dtype = DType::u8};
  for (const std::string& name : layout.files)
    append_records(folder / name, layout, images, labels);
  const auto count = static_cast<int64_t>(labels.bytes.size());
  images.shape = {count, 3, kSide, kSide};
  labels.shape = {count};
  ArrayDatasetOptions array_options{
      .channels_first = true, .classes = class_names(folder / layout.names_file, layout.classes)};
  return std::make_shared<CifarDataset>(NamedArray{folder.string(), std::move(images)},
                                        NamedArray{folder.string(), std::move(labels)},
                                        std::move(array_options));
}

}  // namespace smtrain::data
