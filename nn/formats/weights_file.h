// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"
#include "smtrain/nn/graph.h"
#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace smtrain::nn {

/// The kinds of files that weights come in; the first bytes say which.
enum class WeightsFormat : uint8_t { pytorch, safetensors, npz, keras, mxnet, onnx };

/// The endings that their files have, as a message lists them.
std::string weights_endings();

/// Throws BadInput naming the file for bytes that begin like none of them.
WeightsFormat weights_format(std::span<const uint8_t> bytes, const std::string& name);

/// Weights from elsewhere: a file of any of those formats, a folder that holds one, or a .tar.gz
/// with one in it (model.safetensors before others, as SageMaker's model.tar.gz).
class WeightsFile {
 public:
  /// Throws BadInput where there is nothing of the kind.
  explicit WeightsFile(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  WeightsFormat format() const { return format_; }

  /// Whether the file names tensors as models do, so that it needs none to be understood.
  bool has_model_names() const { return format_ <= WeightsFormat::npz; }

  /// All tensors as the file names them and lays them out, on the CPU.
  const StateDict& tensors() const { return tensors_; }

  /// The classes that the last layer tells apart; none in a file without a matrix.
  std::optional<int64_t> classes() const;

  /// The tensors by the names that a model has for them, for Module::load_state_dict(): of formats
  /// that have them those in the file, of others what fits the model's graph in order. Throws
  /// BadInput where that doesn't fit.
  StateDict state_dict(const Graph& model) const;

 private:
  std::string name_;
  std::optional<MappedFile> file_;
  std::vector<uint8_t> unpacked_;  // of an archive
  std::span<const uint8_t> bytes_;
  WeightsFormat format_;
  StateDict tensors_;
};

}  // namespace smtrain::nn
