// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"
#include "smtrain/engine/tensor.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// HDF5, as much of it as Keras' files use (formats of libhdf5 before 1.10, which it still writes
/// by default): old-style groups, contiguous and compact datasets of numbers, attributes of text.
/// The rest is refused by name: chunked or compressed data, new-style groups, links, superblocks 2
/// and 3. This reader is not libhdf5, because files from outside must not be able to crash a
/// program, and it is the whole of what there is to check.
namespace smtrain::nn {

namespace hdf5 {
class Budget;
struct Object;
}  // namespace hdf5

class Hdf5File;

/// An array of numbers in an open file.
struct Hdf5Dataset {
  std::string where;  // file and path, for messages
  Shape shape;
  DType dtype;  // the engine's; narrower integers are widened

  /// Bytes that it takes in the file.
  uint64_t size_bytes() const;

  /// The numbers, on the CPU.
  Tensor read() const;

  std::shared_ptr<const hdf5::Object> object;
};

/// A group in an open file, which must outlive it. Everything throws BadInput naming the file and
/// the path in it.
class Hdf5Group {
 public:
  /// The path from the root: "/model_weights".
  const std::string& path() const { return path_; }

  /// The names of its members, sorted.
  std::vector<std::string> members() const;
  bool has(std::string_view member) const;

  /// What lies at a path below the group: "conv2d_1/kernel:0".
  Hdf5Group group(std::string_view path) const;
  Hdf5Dataset dataset(std::string_view path) const;

  bool has_attribute(std::string_view name) const;

  /// An attribute that holds one text, or an array of texts. Their bytes, up to the padding.
  std::string text(std::string_view attribute) const;
  std::vector<std::string> texts(std::string_view attribute) const;

 private:
  friend class Hdf5File;
  Hdf5Group(const Hdf5File* file, std::string path, std::shared_ptr<const hdf5::Object> object);
  std::shared_ptr<const hdf5::Object> find(std::string_view path) const;

  const Hdf5File* file_;
  std::string path_;
  std::shared_ptr<const hdf5::Object> object_;
};

/// An HDF5 file, opened. Nothing is read until it is asked for, and every address and size is
/// checked against the file before use.
class Hdf5File {
 public:
  explicit Hdf5File(const std::filesystem::path& path);

  /// The same from memory, which must outlive the object; `name` is what messages call it.
  Hdf5File(std::span<const uint8_t> bytes, std::string name);
  ~Hdf5File();

  const std::string& name() const { return name_; }
  uint64_t size_bytes() const { return bytes_.size(); }
  Hdf5Group root() const;

 private:
  friend class Hdf5Group;
  using Heap = std::map<uint16_t, std::span<const uint8_t>>;

  void read_superblock();
  std::shared_ptr<const hdf5::Object> object_at(uint64_t address, const std::string& where) const;
  std::string text_at(std::span<const uint8_t> reference, const std::string& where) const;
  const Heap& heap_at(uint64_t address, const std::string& where) const;

  std::string name_;
  std::optional<MappedFile> file_;
  std::span<const uint8_t> bytes_;
  std::unique_ptr<hdf5::Budget> budget_;
  uint64_t root_address_ = 0;
  // Each is parsed once, however many names lead to it.
  mutable std::map<uint64_t, std::shared_ptr<const hdf5::Object>> objects_;
  mutable std::map<uint64_t, Heap> heaps_;
};

}  // namespace smtrain::nn
