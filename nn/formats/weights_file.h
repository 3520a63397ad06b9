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
enum class WeightsFormat : uint8_t { pytorch, safetensors, npz };

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

  /// The tensors by the names that the model has for them.
  StateDict state_dict() const;

 private:
  std::string name_;
  std::optional<MappedFile> file_;
  std::vector<uint8_t> unpacked_;  // of an archive
  std::span<const uint8_t> bytes_;
  WeightsFormat format_;
};

}  // namespace smtrain::nn
