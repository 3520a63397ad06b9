// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/model/model_file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// What models are exported as.
enum class ExportFormat : uint8_t { pth, safetensors, npz, keras, mxnet, onnx };

/// Their names, in the order of the enumerators: "pth".
const std::vector<std::string_view>& export_format_names();

/// The format of a name; none where there is none of it.
std::optional<ExportFormat> export_format_named(std::string_view name);

/// The format that a file's name ends like: "model.onnx".
std::optional<ExportFormat> export_format_of(const std::filesystem::path& file);

/// The ending of a format's file: ".pth". MXNet has two files: the second's, "-0000.params".
std::string_view ending_of(ExportFormat format);

/// Whether a format holds names and tensors alone, so that it needs no model.
bool holds_tensors_alone(ExportFormat format);

/// Makes or replaces a file of such a format. Throws std::invalid_argument for another.
void write_tensors(const std::filesystem::path& file, ExportFormat format,
                   const nn::StateDict& state);

/// How export_model() writes a model.
struct ExportOptions {
  bool preprocessing = false;  // ONNX: takes pictures as they are decoded, u8 [batch, H, W, C]
};

/// Writes a model, each file atomically, and gives the files' paths. Throws std::invalid_argument
/// naming the part of the model that the format has no words for, before anything is written.
std::vector<std::filesystem::path> export_model(const TrainedModel& trained, ExportFormat format,
                                                const std::filesystem::path& file,
                                                const ExportOptions& options = {});

}  // namespace smtrain::app
