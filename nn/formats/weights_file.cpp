// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/weights_file.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/tar.h"
#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace smtrain::nn {
namespace {

namespace fs = std::filesystem;

/// Endings of files of weights, the best first.
constexpr std::array<std::string_view, 9> kEndings = {
    ".safetensors", ".pth", ".pt", ".npz", ".onnx", ".h5", ".hd5", ".hdf5", ".params"};

/// Where an entry of a folder or archive stands among those endings; past the last: not of weights.
size_t rank_of(const std::string& name) {
  const auto ending = std::find_if(kEndings.begin(), kEndings.end(),
                                   [&](std::string_view e) { return name.ends_with(e); });
  return static_cast<size_t>(ending - kEndings.begin());
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
    bad_input(folder.string(), ": holds no file of weights (", weights_endings(),
              " or model.tar.gz)");
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
  if (best_name.empty()) bad_input(name, ": holds no file of weights (", weights_endings(), ")");
  name += ": " + best_name;
  return best;
}

StateDict tensors_in(std::span<const uint8_t> bytes, WeightsFormat format,
                     const std::string& name) {
  switch (format) {
    case WeightsFormat::pytorch: return PytorchFile(bytes, name).state_dict();
    case WeightsFormat::safetensors: return read_safetensors(bytes, name);
    case WeightsFormat::npz: return read_npz(bytes, name);
    case WeightsFormat::mxnet: return read_mxnet_params(bytes, name);
    case WeightsFormat::onnx: return read_onnx(bytes, name);
    case WeightsFormat::keras: break;
  }
  StateDict tensors;
  for (const KerasFile::Layer& layer : read_keras(bytes, name).layers)
    for (const KerasFile::Weight& weight : layer.weights) tensors.add(weight.name, weight.tensor);
  return tensors;
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

std::string weights_endings() {
  std::string list;
  for (const std::string_view ending : kEndings)
    list += (list.empty() ? "" : ", ") + std::string(ending);
  return list;
}

WeightsFormat weights_format(std::span<const uint8_t> bytes, const std::string& name) {
  const auto begins_with = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  if (begins_with("PK\x03\x04"))
    return first_entry(bytes).ends_with(".npy") ? WeightsFormat::npz : WeightsFormat::pytorch;
  if (begins_with("\x80\x02")) return WeightsFormat::pytorch;
  if (begins_with("\x89HDF\r\n\x1a\n")) return WeightsFormat::keras;
  constexpr size_t kSafetensorsBrace = 8;  // after the length of the header
  if (bytes.size() > kSafetensorsBrace && bytes[kSafetensorsBrace] == '{')
    return WeightsFormat::safetensors;
  if (begins_with(std::string_view("\x12\x01\0\0\0\0\0\0", 8))) return WeightsFormat::mxnet;
  if (begins_with("\x08")) return WeightsFormat::onnx;  // ir_version, a ModelProto's first field
  bad_input(name, ": begins like no file of weights (", weights_endings(), ")");
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
  tensors_ = tensors_in(bytes_, format_, name_);
}

std::optional<int64_t> WeightsFile::classes() const {
  std::optional<int64_t> classes;
  const bool is_of_keras = format_ == WeightsFormat::keras || format_ == WeightsFormat::mxnet;
  for (const auto& [name, tensor] : tensors_)
    if (tensor.ndim() == 2) classes = tensor.size(is_of_keras ? 1 : 0);
  return classes;
}

StateDict WeightsFile::state_dict(const Graph& model) const {
  switch (format_) {
    case WeightsFormat::keras: return keras_state_dict(read_keras(bytes_, name_), model);
    case WeightsFormat::mxnet: return mxnet_state_dict(tensors_, name_, model);
    case WeightsFormat::onnx: return read_onnx(bytes_, name_, model);
    default: return tensors_;
  }
}

}  // namespace smtrain::nn
