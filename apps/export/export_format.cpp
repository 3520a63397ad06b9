// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/export/export_format.h"

#include "smtrain/apps/job/job_data.h"
#include "smtrain/apps/json.h"
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/keras.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/npz.h"
#include "smtrain/nn/formats/onnx.h"
#include "smtrain/nn/formats/pytorch.h"
#include "smtrain/nn/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

struct FormatName {
  std::string_view name, ending;
};

/// In the order of the enumerators.
constexpr std::array<FormatName, 6> kFormats = {{{"pth", ".pth"},
                                                 {"safetensors", ".safetensors"},
                                                 {"npz", ".npz"},
                                                 {"keras", ".hd5"},
                                                 {"mxnet", "-0000.params"},
                                                 {"onnx", ".onnx"}}};

/// Other endings that files of a format have.
struct OtherEnding {
  std::string_view ending;
  ExportFormat format;
};
constexpr OtherEnding kOtherEndings[] = {{".pt", ExportFormat::pth},
                                         {".h5", ExportFormat::keras},
                                         {".hdf5", ExportFormat::keras},
                                         {".params", ExportFormat::mxnet}};

/// What a file tells of the model besides its weights.
std::map<std::string, std::string> metadata_of(const ModelCard& card) {
  return {{"smtrain.classes", Json(card.classes).dump()}, {"smtrain.version", card.version}};
}

nn::WriteKerasOptions keras_options(const ModelCard& card) {
  return {.channels_first = card.recipe.keras.image_data_format == ImageDataFormat::channels_first,
          .training = {},
          .metadata = metadata_of(card)};
}

nn::WriteOnnxOptions onnx_options(const ModelCard& card, bool with_preprocessing) {
  nn::WriteOnnxOptions options{.preprocessing = {}, .metadata = metadata_of(card)};
  if (with_preprocessing) {
    const Preprocessing numbers = preprocessing(card.recipe.data, card.input[0]);
    options.preprocessing.emplace();
    options.preprocessing->mean = numbers.mean;
    options.preprocessing->std = numbers.std;
  }
  return options;
}

/// "<prefix>-symbol.json" and the file itself, "<prefix>-0000.params".
std::vector<fs::path> write_mxnet_files(const TrainedModel& trained, const fs::path& file) {
  std::string prefix = file.string();
  const std::string_view ending = ending_of(ExportFormat::mxnet);
  check(prefix.ends_with(ending), "export: ", prefix, ": a file of MXNet's ends in ", ending);
  prefix.resize(prefix.size() - ending.size());
  nn::write_mxnet(prefix, nn::trace(*trained.model, trained.card.input));
  return {prefix + "-symbol.json", file};
}

}  // namespace

bool holds_tensors_alone(ExportFormat format) { return format <= ExportFormat::npz; }

const std::vector<std::string_view>& export_format_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const FormatName& format : kFormats) all.push_back(format.name);
    return all;
  }();
  return names;
}

std::optional<ExportFormat> export_format_named(std::string_view name) {
  for (size_t i = 0; i < kFormats.size(); ++i)
    if (kFormats[i].name == name) return static_cast<ExportFormat>(i);
  return std::nullopt;
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

void write_tensors(const fs::path& file, ExportFormat format, const nn::StateDict& state) {
  switch (format) {
    case ExportFormat::pth: return nn::write_pytorch(file, state);
    case ExportFormat::safetensors: return nn::write_safetensors(file, state);
    case ExportFormat::npz: return nn::write_npz(file, state);
    default: mistake("export: ", file.string(), ": the format needs a model, not tensors alone");
  }
}

std::vector<fs::path> export_model(const TrainedModel& trained, ExportFormat format,
                                   const fs::path& file, const ExportOptions& options) {
  check(!options.preprocessing || format == ExportFormat::onnx,
        "export: only onnx holds the preprocessing of pictures");
  const ModelCard& card = trained.card;
  switch (format) {
    case ExportFormat::keras:
      nn::write_keras(file, nn::trace(*trained.model, card.input), keras_options(card));
      break;
    case ExportFormat::mxnet: return write_mxnet_files(trained, file);
    case ExportFormat::onnx:
      nn::write_onnx(file, nn::trace(*trained.model, card.input),
                     onnx_options(card, options.preprocessing));
      break;
    default: write_tensors(file, format, with_card(card, *trained.model));
  }
  return {file};
}

}  // namespace smtrain::app
