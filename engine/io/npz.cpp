// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/npz.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/engine/io/npy.h"
#include "smtrain/engine/io/zip.h"

#include <utility>

namespace smtrain {
namespace {

constexpr std::string_view kSuffix = ".npy";

Array read_entry(const ZipReader& zip, const ZipEntry& entry, const std::string& archive) {
  return parse_npy(zip.read(entry), archive + ": " + entry.name);
}

}  // namespace

void for_each_npz_array(std::span<const uint8_t> archive, const std::string& name,
                        const std::function<void(std::string name, Array array)>& visit) {
  const ZipReader zip(archive, name);
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(kSuffix)) continue;
    visit(entry.name.substr(0, entry.name.size() - kSuffix.size()), read_entry(zip, entry, name));
  }
}

std::map<std::string, Array> parse_npz(std::span<const uint8_t> archive, const std::string& name) {
  std::map<std::string, Array> arrays;
  for_each_npz_array(archive, name, [&](std::string array_name, Array array) {
    arrays.emplace(std::move(array_name), std::move(array));
  });
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

void NpzWriter::add(const std::string& name, DType dtype, const Shape& shape,
                    std::span<const uint8_t> elements) {
  const std::string header = npy_header(dtype, shape);
  zip_.add(name + std::string(kSuffix), {bytes_of(header), elements});
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays) {
  write_file_atomically(path, [&](FileWriter& out) {
    NpzWriter npz(out);
    for (const auto& [name, array] : arrays) npz.add(name, array.dtype, array.shape, array.bytes);
    npz.finish();
  });
}

}  // namespace smtrain
