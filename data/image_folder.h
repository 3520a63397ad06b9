// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/data/dataset.h"
#include "smtrain/data/decode.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace smtrain::data {

/// Whether a file counts as a picture: its name, in lower case, ends in .jpg .jpeg .png .ppm .bmp
/// .pgm .tif .tiff or .webp.
bool is_picture(const std::string& name);

/// Pictures in one folder per class, in the order of torchvision's ImageFolder: classes are the
/// sub-folders of the root (symbolic links followed) sorted by bytes; inside a class all folders
/// below it, sorted by full path, and the files of each that is_picture() accepts, hidden ones too,
/// sorted by name. A hidden folder without pictures (.ipynb_checkpoints) is no class. Contents are
/// looked at only by get().
class ImageFolder : public Dataset {
 public:
  /// Lists the files. Throws BadInput naming the folder when it is missing, unreadable or
  /// without classes, when a class has no pictures, or when symbolic links lead back to a folder
  /// above.
  explicit ImageFolder(const std::filesystem::path& root, const DecodeOptions& decode_options = {});

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  Sample get(int64_t index) const override;
  int64_t target(int64_t index) const override { return file(index).target; }
  std::string source(int64_t index) const override { return file(index).path; }
  std::string decoding() const override;
  const std::vector<std::string>& classes() const override { return classes_; }

 private:
  struct File {
    std::string path;
    int64_t target;
  };
  const File& file(int64_t index) const;
  void list_class(const std::filesystem::path& folder, int64_t target);

  DecodeOptions decode_options_;
  std::vector<std::string> classes_;
  std::vector<File> files_;
};

}  // namespace smtrain::data
