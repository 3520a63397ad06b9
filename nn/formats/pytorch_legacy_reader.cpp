// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/pytorch_container.h"

#include <algorithm>

namespace smtrain::nn {
namespace {

using StorageBytes = std::map<std::string, std::span<const uint8_t>, std::less<>>;

class PytorchLegacy : public PytorchContainer {
 public:
  PytorchLegacy(Unpickled pickle, StorageBytes storages)
      : PytorchContainer(std::move(pickle)), storages_(std::move(storages)) {}

  void read_storage(const PickleStorage& storage, std::span<uint8_t> out) const override {
    std::ranges::copy(storages_.at(storage.key), out.begin());
  }

 private:
  StorageBytes storages_;
};

void check_version(ByteReader& in) {
  const PickleValue version = read_pickle(in).value;
  const auto* number = version.as<const int64_t>();
  if (number == nullptr || *number != kPytorchLegacyVersion) {
    bad_input(in.name(), ": a version other than ", kPytorchLegacyVersion,
              " follows the magic number");
  }
}

void check_little_endian(ByteReader& in) {
  const PickleValue machine = read_pickle(in).value;
  const auto* dict = machine.as<PickleDict>();
  const PickleValue* little = dict == nullptr ? nullptr : dict->find("little_endian");
  const bool* is_little = little == nullptr ? nullptr : little->as<const bool>();
  if (is_little == nullptr) {
    bad_input(in.name(), ": a dict with 'little_endian' must follow the version");
  }
  if (!*is_little) {
    bad_input(in.name(), ": little_endian is False, big-endian files are not supported");
  }
}

StorageBytes read_storages(ByteReader& in, const std::map<std::string, PickleStorage>& expected) {
  const PickleValue keys = read_pickle(in).value;
  const auto* list = keys.as<PickleList>();
  if (list == nullptr) {
    bad_input(in.name(), ": a list of storage keys must follow the object, got ", keys.type_name());
  }
  StorageBytes storages;
  for (const PickleValue& item : list->items) {
    const auto* key = item.as<std::string>();
    if (key == nullptr) bad_input(in.name(), ": a storage key is ", item.type_name());
    const auto found = expected.find(*key);
    // The type, and so the size, of a storage stands only where it is used.
    if (found == expected.end()) bad_input(in.name(), ": no tensor uses storage '", *key, "'");
    const PickleStorage& storage = found->second;
    const auto count = in.little<int64_t>("element count");
    if (count != storage.total) {
      bad_input(in.name(), ": storage '", *key, "' has ", count, " elements, its tensors expect ",
                storage.total);
    }
    const auto bytes = in.take(size_bytes_of(storage, in.name()), "storage '" + *key + "'");
    if (!storages.emplace(*key, bytes).second) {
      bad_input(in.name(), ": storage '", *key, "' is listed twice");
    }
  }
  for (const auto& [key, storage] : expected) {
    if (!storages.contains(key)) bad_input(in.name(), ": storage '", key, "' is missing");
  }
  return storages;
}

}  // namespace

std::unique_ptr<PytorchContainer> open_pytorch_legacy(std::span<const uint8_t> bytes,
                                                      const std::string& name) {
  ByteReader in(bytes, name);
  in.take(kPytorchLegacyMagic.size(), "magic number");
  check_version(in);
  check_little_endian(in);
  Unpickled pickle = read_pickle(in);
  StorageBytes storages = read_storages(in, pickle.storages);
  return std::make_unique<PytorchLegacy>(std::move(pickle), std::move(storages));
}

}  // namespace smtrain::nn
