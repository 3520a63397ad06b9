// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/pickle_value.h"
#include "smtrain/nn/formats/pytorch_container.h"
#include "smtrain/nn/state_dict.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// PyTorch's own files (.pth, .pt): what torch.save writes and torch.load reads.
namespace smtrain::nn {

/// A file of either container, opened: plain values at once, tensors when asked for. Nothing in it
/// is executed. Throws BadInput naming the file and the place for whatever it should not
/// hold (pickle_reader.h lists the bounds).
class PytorchFile {
 public:
  explicit PytorchFile(const std::filesystem::path& path);

  /// The same from memory, which must outlive the object; `name` is what messages call it.
  PytorchFile(std::span<const uint8_t> bytes, std::string name);

  /// What was saved. A training checkpoint is a dict, often with 'epoch', 'optimizer', ...
  const PickleValue& root() const { return container_->pickle().value; }

  /// A tensor of the tree, on the CPU, with the strides it was saved with. Tensors that shared a
  /// storage share it again. Throws std::runtime_error calling it `what` when the engine lacks its
  /// dtype.
  Tensor tensor(const PickleTensor& tensor, std::string_view what);

  /// The saved state dict: the root itself, or the dict under its key 'state_dict' or 'model'.
  /// Throws BadInput when that holds anything but tensors.
  StateDict state_dict();

 private:
  std::string name_;
  std::optional<MappedFile> file_;
  std::unique_ptr<PytorchContainer> container_;
  std::map<std::string, Tensor> storages_;  // those read so far, flat
};

/// The state dict of a PyTorch file, names as they are ("module." and all).
StateDict read_pytorch(const std::filesystem::path& path);

/// The containers: a zip archive since PyTorch 1.6, a plain sequence before that.
enum class PytorchFormat : uint8_t { zip, legacy };

/// Which kind of file write_pytorch() writes.
struct WritePytorchOptions {
  PytorchFormat format = PytorchFormat::zip;
  bool module_prefix = false;  // names as torch.nn.DataParallel expects them
};

/// Makes or replaces the file atomically, so that torch.load (weights_only or not) gives an
/// OrderedDict of contiguous tensors. The metadata is not written: the format has no place for it.
void write_pytorch(const std::filesystem::path& path, const StateDict& state_dict,
                   WritePytorchOptions options = {});

}  // namespace smtrain::nn
