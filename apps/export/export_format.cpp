// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/export/export_format.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

struct FormatName {
  std::string_view name, ending;
};

/// In the order of the enumerators.
constexpr std::array<FormatName, 3> kFormats = {
    {{"pth", ".pth"}, {"safetensors", ".safetensors"}, {"npz", ".npz"}}};

/// Other endings that files of a format have.
struct OtherEnding {
  std::string_view ending;
  ExportFormat format;
};
constexpr OtherEnding kOtherEndings[] = {{".pt", ExportFormat::pth}};

}  // namespace

const std::vector<std::string_view>& export_format_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const FormatName& format : kFormats) all.push_back(format.name);
    return all;
  }();
  return names;
}

std::optional<ExportFormat> export_format_of(const fs::path& file) {
  const std::string name = file.string();
  for (size_t i = 0; i < kFormats.size(); ++i)
    if (name.ends_with(kFormats[i].ending)) return static_cast<ExportFormat>(i);
  for (const auto& [ending, format] : kOtherEndings)
    if (name.ends_with(ending)) return format;
  return std::nullopt;
}

std::string_view ending_of(ExportFormat format) {
  return kFormats[static_cast<size_t>(format)].ending;
}

std::vector<fs::path> export_model(const TrainedModel& trained, ExportFormat format,
                                   const fs::path& file) {
  const nn::StateDict state = trained.model->state_dict();
  switch (format) {
    case ExportFormat::pth: nn::write_pytorch(file, state); break;
    case ExportFormat::safetensors: write_model(file, trained.card, *trained.model); break;
    case ExportFormat::npz: nn::write_npz(file, state); break;
  }
  return {file};
}

}  // namespace smtrain::app
