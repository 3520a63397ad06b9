// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/nn/formats/pickle_reader.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace smtrain::nn {

/// What both containers of PyTorch files come down to: one pickle and the storages it names.
class PytorchContainer {
 public:
  explicit PytorchContainer(Unpickled pickle) : pickle_(std::move(pickle)) {}
  virtual ~PytorchContainer() = default;

  const Unpickled& pickle() const { return pickle_; }

  /// Copies the elements of one of the pickle's storages, whose size was checked on opening.
  virtual void read_storage(const PickleStorage& storage, std::span<uint8_t> out) const = 0;

 private:
  Unpickled pickle_;
};

/// Opens the container that `bytes` begin like; they must outlive it. Throws BadInput
/// opening with `name` when it is damaged, or when it is not a PyTorch file.
std::unique_ptr<PytorchContainer> open_pytorch_container(std::span<const uint8_t> bytes,
                                                         const std::string& name);

/// A zip archive with entries below one folder: data.pkl, and data/KEY for each storage.
std::unique_ptr<PytorchContainer> open_pytorch_zip(std::span<const uint8_t> bytes,
                                                   const std::string& name);

/// Before PyTorch 1.6: a magic number, its version and the machine as pickles, then the object, a
/// list of storage keys, and for each its element count and elements.
std::unique_ptr<PytorchContainer> open_pytorch_legacy(std::span<const uint8_t> bytes,
                                                      const std::string& name);

/// The pickle of the integer that begins a legacy file, and the version that follows it.
inline constexpr std::string_view kPytorchLegacyMagic =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
inline constexpr int64_t kPytorchLegacyVersion = 1001;

/// The bytes that a storage of the pickle takes. Throws BadInput when they can't be
/// counted.
uint64_t size_bytes_of(const PickleStorage& storage, const std::string& name);

}  // namespace smtrain::nn
