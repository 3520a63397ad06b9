// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_reader.h"

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/nn/formats/hdf5_object.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <utility>

namespace smtrain::nn {

namespace hdf5 {
namespace {

const Attribute* attribute_named(const Object& object, std::string_view name) {
  const auto found = object.attributes.find(name);
  return found == object.attributes.end() ? nullptr : &found->second;
}

std::string unpadded(std::span<const uint8_t> bytes, bool space_padded) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  text = text.substr(0, text.find('\0'));
  if (space_padded) text = text.substr(0, text.find_last_not_of(' ') + 1);
  return std::string(text);
}

}  // namespace
}  // namespace hdf5

uint64_t Hdf5Dataset::size_bytes() const { return object->data.size(); }

Tensor Hdf5Dataset::read() const {
  const Tensor tensor = empty(shape, {.dtype = dtype}, Device::cpu());
  hdf5::copy_numbers(object->data, object->type, tensor);
  return tensor;
}

Hdf5Group::Hdf5Group(const Hdf5File* file, std::string path,
                     std::shared_ptr<const hdf5::Object> object)
    : file_(file), path_(std::move(path)), object_(std::move(object)) {
  if (!object_->is_group) {
    bad_input(file_->name(), ": ", path_, ": expected a group, found a dataset");
  }
}

std::vector<std::string> Hdf5Group::members() const {
  std::vector<std::string> names;
  for (const auto& [name, address] : object_->members) names.emplace_back(name);
  return names;
}

bool Hdf5Group::has(std::string_view member) const { return object_->members.contains(member); }

std::shared_ptr<const hdf5::Object> Hdf5Group::find(std::string_view path) const {
  auto object = object_;
  std::string where = file_->name() + ": " + path_;
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    const auto member = object->members.find(name);
    if (member == object->members.end()) bad_input(where, ": has no member '", name, "'");
    if (!where.ends_with('/')) where += '/';
    where += name;
    object = file_->object_at(member->second, where);
    if (slash == path.npos) return object;
    path.remove_prefix(slash + 1);
  }
}

Hdf5Group Hdf5Group::group(std::string_view path) const {
  return {file_, (path_ == "/" ? path_ : path_ + "/") + std::string(path), find(path)};
}

Hdf5Dataset Hdf5Group::dataset(std::string_view path) const {
  auto object = find(path);
  std::string where =
      file_->name() + ": " + (path_ == "/" ? path_ : path_ + "/") + std::string(path);
  if (object->is_group) bad_input(where, ": expected a dataset, found a group");
  if (object->type.kind != hdf5::Datatype::Kind::number) {
    bad_input(where, ": expected numbers, found texts");
  }
  return {std::move(where), object->shape, object->type.dtype, object};
}

bool Hdf5Group::has_attribute(std::string_view name) const {
  return hdf5::attribute_named(*object_, name) != nullptr;
}

std::vector<std::string> Hdf5Group::texts(std::string_view name) const {
  const std::string where =
      file_->name() + ": " + path_ + ": attribute '" + std::string(name) + "'";
  const hdf5::Attribute* attribute = hdf5::attribute_named(*object_, name);
  if (attribute == nullptr) bad_input(where, " is not there");
  const hdf5::Datatype type = hdf5::read_datatype(attribute->datatype, where);
  const Shape shape = hdf5::read_dataspace(attribute->dataspace, where);
  const auto size = size_bytes_of(shape, type.size);
  if (!size || static_cast<uint64_t>(*size) > attribute->data.size()) {
    bad_input(where, ": an array ", shape, " of ", type.size, " bytes each does not fit its ",
              attribute->data.size(), " bytes");
  }
  const int64_t count = shape.numel();
  if (type.kind == hdf5::Datatype::Kind::number && count != 0) {
    bad_input(where, ": expected text, found numbers");
  }
  std::vector<std::string> texts;
  uint64_t total = 0;  // texts may refer to the same bytes, but not to more than there are
  for (int64_t i = 0; i < count; ++i) {
    const auto element = attribute->data.subspan(static_cast<size_t>(i) * type.size, type.size);
    texts.push_back(type.kind == hdf5::Datatype::Kind::text
                        ? hdf5::unpadded(element, type.space_padded)
                        : file_->text_at(element, where));
    total += texts.back().size();
    if (total > file_->size_bytes()) bad_input(where, ": holds more text than the file");
  }
  return texts;
}

std::string Hdf5Group::text(std::string_view attribute) const {
  std::vector<std::string> all = texts(attribute);
  if (all.size() != 1) {
    bad_input(file_->name(), ": ", path_, ": attribute '", attribute, "' holds ", all.size(),
              " texts, expected one");
  }
  return std::move(all[0]);
}

Hdf5File::Hdf5File(const std::filesystem::path& path)
    : name_(path.string()),
      file_(path),
      bytes_(file_->bytes()),
      budget_(std::make_unique<hdf5::Budget>(bytes_.size())) {
  read_superblock();
}

Hdf5File::Hdf5File(std::span<const uint8_t> bytes, std::string name)
    : name_(std::move(name)),
      bytes_(bytes),
      budget_(std::make_unique<hdf5::Budget>(bytes_.size())) {
  read_superblock();
}

Hdf5File::~Hdf5File() = default;

void Hdf5File::read_superblock() {
  ByteReader in(bytes_, name_ + ": superblock");
  if (in.take_text(8, "signature") != hdf5::kSignature) bad_input(name_, ": is not an HDF5 file");
  const auto version = in.little<uint8_t>("version");
  if (version > 1) {
    bad_input(name_, ": has a superblock of version ", int{version},
              ", which this reader leaves out (the file was written with libver='latest'); ",
              "expected 0 or 1");
  }
  in.take(4, "versions");
  const auto offset_size = in.little<uint8_t>("size of offsets");
  const auto length_size = in.little<uint8_t>("size of lengths");
  if (offset_size != 8 || length_size != 8) {
    bad_input(name_, ": has offsets of ", int{offset_size}, " and lengths of ", int{length_size},
              " bytes, expected 8 and 8");
  }
  in.take(1 + 2 + 2 + 4, "sizes of groups, flags");
  if (version == 1) in.take(4, "size of indexed storage");
  if (in.little<uint64_t>("base address") != 0) {
    bad_input(name_, ": its base address is not the beginning of the file");
  }
  in.take(8, "free space");
  const auto end = in.little<uint64_t>("end of file");
  if (end > bytes_.size()) {
    bad_input(name_, ": is cut off: ", end, " bytes were written, ", bytes_.size(), " are there");
  }
  in.take(8 + 8, "driver, root's name");
  root_address_ = in.little<uint64_t>("address of the root group");
}

Hdf5Group Hdf5File::root() const { return {this, "/", object_at(root_address_, name_ + ": /")}; }

std::shared_ptr<const hdf5::Object> Hdf5File::object_at(uint64_t address,
                                                        const std::string& where) const {
  auto& object = objects_[address];
  if (object == nullptr) {
    object = std::make_shared<hdf5::Object>(hdf5::read_object(bytes_, address, *budget_, where));
  }
  return object;
}

std::string Hdf5File::text_at(std::span<const uint8_t> reference, const std::string& where) const {
  ByteReader in(reference, where);
  const auto length = in.little<uint32_t>("length of a text");
  const auto address = in.little<uint64_t>("address of a text");
  const auto index = in.little<uint32_t>("index of a text");
  if (length == 0) return {};
  const Heap& heap = heap_at(address, where);
  const auto found = index <= UINT16_MAX ? heap.find(static_cast<uint16_t>(index)) : heap.end();
  if (found == heap.end()) {
    bad_input(where, ": the global heap at offset ", address, " has no object ", index);
  }
  if (length > found->second.size()) {
    bad_input(where, ": a text of ", length, " bytes lies in an object of ", found->second.size());
  }
  return hdf5::unpadded(found->second.first(length), false);
}

const Hdf5File::Heap& Hdf5File::heap_at(uint64_t address, const std::string& where) const {
  if (const auto known = heaps_.find(address); known != heaps_.end()) return known->second;
  ByteReader file(bytes_, where);
  file.seek(address, "the global heap");
  if (file.take_text(4, "global heap") != hdf5::kGlobalHeap) {
    bad_input(where, ": expected the global heap '", hdf5::kGlobalHeap, "' at offset ", address);
  }
  const auto version = file.little<uint8_t>("version of the global heap");
  if (version != 1) {
    bad_input(where, ": the global heap has version ", int{version}, ", expected 1");
  }
  file.take(3, "reserved bytes");
  const auto size = file.little<uint64_t>("size of the global heap");
  if (size < 16) bad_input(where, ": the global heap has ", size, " bytes, expected 16 or more");
  ByteReader in(file.take(size - 16, "global heap"), where + ": global heap");
  Heap heap;
  while (in.remaining() >= 16) {
    const auto index = in.little<uint16_t>("index of an object");
    in.take(2 + 4, "reference count");
    const auto object_size = in.little<uint64_t>("size of an object");
    if (index == 0) break;  // the free space at the end
    if (!heap.emplace(index, in.take(object_size, "object")).second) {
      bad_input(where, ": the global heap at offset ", address, " has object ", index, " twice");
    }
    if (in.remaining() != 0) in.take((8 - object_size % 8) % 8, "padding");
  }
  return heaps_.emplace(address, std::move(heap)).first->second;
}

}  // namespace smtrain::nn
