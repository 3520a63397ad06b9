// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/weights_file.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/tar.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace smtrain::nn {
namespace {

namespace fs = std::filesystem;

/// Endings of files of weights, the best first.
constexpr std::array<std::string_view, 4> kEndings = {".safetensors", ".pth", ".pt", ".npz"};

/// Where an entry of a folder or archive stands among those endings; past the last: not of weights.
size_t rank_of(const std::string& name) {
  const auto ending = std::find_if(kEndings.begin(), kEndings.end(),
                                   [&](std::string_view e) { return name.ends_with(e); });
  return static_cast<size_t>(ending - kEndings.begin());
}

std::string endings() {
  std::string list;
  for (const std::string_view ending : kEndings)
    list += (list.empty() ? "" : ", ") + std::string(ending);
  return list;
}

fs::path file_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (is_file(entry.path()) && rank_of(entry.path().string()) < kEndings.size())
      files.push_back(entry.path());
  const auto better = [](const fs::path& a, const fs::path& b) {
    return std::pair(rank_of(a.string()), a) < std::pair(rank_of(b.string()), b);
  };
  if (files.empty()) {
    if (is_file(folder / "model.tar.gz")) return folder / "model.tar.gz";
    bad_input(folder.string(), ": holds no file of weights (", endings(), " or model.tar.gz)");
  }
  return *std::min_element(files.begin(), files.end(), better);
}

/// The best file of weights in an archive; `name` becomes its name.
std::vector<uint8_t> unpack(std::span<const uint8_t> archive, std::string& name) {
  std::vector<uint8_t> best;
  std::string best_name;
  size_t best_rank = kEndings.size();
  read_tar_gz(archive, name, [&](const TarEntry& entry, const TarReader& read) {
    const size_t rank = rank_of(entry.name);
    if (entry.is_folder || rank >= best_rank) return;
    best.resize(entry.size);
    read(best);
    best_rank = rank;
    best_name = entry.name;
  });
  if (best_name.empty()) bad_input(name, ": holds no file of weights (", endings(), ")");
  name += ": " + best_name;
  return best;
}

/// The name in a zip archive's first local header.
std::string first_entry(std::span<const uint8_t> zip) {
  constexpr size_t kLengthAt = 26, kNameAt = 30;
  if (zip.size() < kNameAt) return "";
  const size_t length = zip[kLengthAt] + size_t{zip[kLengthAt + 1]} * 256;
  const auto name = zip.subspan(kNameAt, std::min(length, zip.size() - kNameAt));
  return {name.begin(), name.end()};
}

}  // namespace

WeightsFormat weights_format(std::span<const uint8_t> bytes, const std::string& name) {
  const auto begins_with = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  if (begins_with("PK\x03\x04"))
    return first_entry(bytes).ends_with(".npy") ? WeightsFormat::npz : WeightsFormat::pytorch;
  if (begins_with("\x80\x02")) return WeightsFormat::pytorch;
  constexpr size_t kSafetensorsBrace = 8;  // after the length of the header
  if (bytes.size() > kSafetensorsBrace && bytes[kSafetensorsBrace] == '{')
    return WeightsFormat::safetensors;
  bad_input(name, ": begins like no file of weights (", endings(), ")");
}

WeightsFile::WeightsFile(const fs::path& path) : name_(path.string()) {
  if (!fs::exists(path)) bad_input(name_, ": does not exist");
  const fs::path file = is_folder(path) ? file_in(path) : path;
  name_ = file.string();
  file_.emplace(file);
  bytes_ = file_->bytes();
  if (is_gzip(bytes_)) {
    unpacked_ = unpack(bytes_, name_);
    bytes_ = unpacked_;
  }
  format_ = weights_format(bytes_, name_);
}

StateDict WeightsFile::state_dict() const {
  switch (format_) {
    case WeightsFormat::pytorch: return PytorchFile(bytes_, name_).state_dict();
    case WeightsFormat::safetensors: return read_safetensors(bytes_, name_);
    case WeightsFormat::npz: return read_npz(bytes_, name_);
  }
  mistake("WeightsFile: no such format");
}

}  // namespace smtrain::nn
