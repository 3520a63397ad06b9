// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/zip.h"
#include "smtrain/nn/formats/pytorch_container.h"

namespace smtrain::nn {
namespace {

constexpr uint64_t kMaxPickleBytes = uint64_t{64} << 20;

class PytorchZip : public PytorchContainer {
 public:
  PytorchZip(Unpickled pickle, ZipReader zip, std::string folder)
      : PytorchContainer(std::move(pickle)), zip_(std::move(zip)), folder_(std::move(folder)) {}

  void read_storage(const PickleStorage& storage, std::span<uint8_t> out) const override {
    zip_.read_into(*zip_.find(folder_ + "data/" + storage.key), out);
  }

 private:
  ZipReader zip_;
  std::string folder_;  // with its slash
};

/// All entries lie below one folder, named after the file or "archive".
std::string folder_of(const ZipReader& zip, const std::string& name) {
  if (zip.entries().empty()) bad_input(name, ": not a PyTorch file (an empty zip archive)");
  const std::string& first = zip.entries()[0].name;
  return first.substr(0, first.find('/') + 1);
}

/// PyTorch stores its entries as they are. Deflated ones could be far larger than the file.
void check_stored(const ZipEntry& entry, const std::string& name) {
  if (entry.method != 0)
    bad_input(name, ": entry '", entry.name, "' is compressed, expected stored");
}

void check_little_endian(const ZipReader& zip, const std::string& folder, const std::string& name) {
  const ZipEntry* entry = zip.find(folder + "byteorder");  // absent before PyTorch 2.1
  constexpr std::string_view kLittle = "little";
  if (entry == nullptr) return;
  check_stored(*entry, name);
  const bool is_little =
      entry->size == kLittle.size() && std::ranges::equal(zip.read(*entry), kLittle);
  if (!is_little) bad_input(name, ": byteorder is not little, big-endian files are not supported");
}

Unpickled read_data_pickle(const ZipReader& zip, const std::string& folder,
                           const std::string& name) {
  const ZipEntry* entry = zip.find(folder + "data.pkl");
  if (entry == nullptr) bad_input(name, ": not a PyTorch file (a zip archive without data.pkl)");
  check_stored(*entry, name);
  if (entry->size > kMaxPickleBytes) {
    bad_input(name, ": data.pkl of ", entry->size, " bytes, expected at most ", kMaxPickleBytes);
  }
  const std::vector<uint8_t> bytes = zip.read(*entry);
  ByteReader in(bytes, name + ": data.pkl");
  return read_pickle(in);
}

}  // namespace

std::unique_ptr<PytorchContainer> open_pytorch_zip(std::span<const uint8_t> bytes,
                                                   const std::string& name) {
  ZipReader zip(bytes, name);
  const std::string folder = folder_of(zip, name);
  if (zip.find(folder + "constants.pkl") != nullptr) {
    bad_input(name, ": a TorchScript archive (torch.jit.save), expected what torch.save writes");
  }
  check_little_endian(zip, folder, name);
  Unpickled pickle = read_data_pickle(zip, folder, name);
  for (const auto& [key, storage] : pickle.storages) {
    const ZipEntry* entry = zip.find(folder + "data/" + key);
    if (entry == nullptr) bad_input(name, ": storage '", key, "' is missing");
    check_stored(*entry, name);
    if (entry->size != size_bytes_of(storage, name)) {
      bad_input(name, ": storage '", key, "' of ", storage.total, " ", storage.type->name,
                " elements has ", entry->size, " bytes");
    }
  }
  return std::make_unique<PytorchZip>(std::move(pickle), std::move(zip), folder);
}

}  // namespace smtrain::nn
