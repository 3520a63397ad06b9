// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/npz.h"

#include "smtrain/data/npy.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/zip.h"

namespace smtrain::data {
namespace {

constexpr std::string_view kSuffix = ".npy";

Array read_entry(const ZipReader& zip, const ZipEntry& entry, const std::string& archive) {
  return parse_npy(zip.read(entry), archive + ": " + entry.name);
}

}  // namespace

std::map<std::string, Array> parse_npz(std::span<const uint8_t> archive, const std::string& name) {
  const ZipReader zip(archive, name);
  std::map<std::string, Array> arrays;
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(kSuffix)) continue;
    arrays.emplace(entry.name.substr(0, entry.name.size() - kSuffix.size()),
                   read_entry(zip, entry, name));
  }
  return arrays;
}

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npz(file.bytes(), path.string());
}

Array read_npz_array(const std::filesystem::path& path, const std::string& array) {
  const MappedFile file(path);
  const ZipReader zip(file.bytes(), path.string());
  if (const ZipEntry* entry = zip.find(array + std::string(kSuffix))) {
    return read_entry(zip, *entry, path.string());
  }
  std::string names;
  for (const ZipEntry& entry : zip.entries()) {
    names += (names.empty() ? "" : ", ") + entry.name.substr(0, entry.name.rfind(kSuffix));
  }
  bad_input(path.string(), ": no array '", array, "' in it, there are: ", names);
}

}  // namespace smtrain::data
