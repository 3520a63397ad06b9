// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_writer.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/hdf5_bytes.h"
#include "smtrain/nn/formats/hdf5_format.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>

namespace smtrain::nn {

namespace {

constexpr size_t kSuperblockSize = 96;
constexpr uint16_t kLeafK = 4, kInternalK = 16;  // libhdf5's own: half the room of a node
constexpr size_t kMaxSymbols = 2 * kLeafK, kMaxChildren = 2 * kInternalK;
constexpr size_t kMaxFixedText = 60'000, kMaxMessage = 65'528;

uint64_t size_bytes(const Tensor& tensor) {
  return static_cast<uint64_t>(tensor.numel()) * size_of(tensor.dtype());
}

}  // namespace

void Hdf5Tree::set(std::string name, std::string text) {
  set(Attribute{std::move(name), {std::move(text)}, false});
}

void Hdf5Tree::set(std::string name, std::vector<std::string> texts) {
  set(Attribute{std::move(name), std::move(texts), true});
}

void Hdf5Tree::set(Attribute attribute) {
  for (const Attribute& other : attributes_) {
    check(other.name != attribute.name, "Hdf5Tree: attribute '", other.name, "' is there already");
  }
  attributes_.push_back(std::move(attribute));
}

Hdf5Tree& Hdf5Tree::group(std::string_view path) {
  const size_t slash = path.find('/');
  const std::string name(path.substr(0, slash));
  check(!name.empty() && !datasets_.contains(name), "Hdf5Tree: '", path,
        "' can't be a group's path: '", name, "' is ", name.empty() ? "no name" : "a dataset");
  Hdf5Tree& child = groups_[name];
  return slash == path.npos ? child : child.group(path.substr(slash + 1));
}

void Hdf5Tree::add(std::string_view path, Tensor tensor) {
  const size_t slash = path.rfind('/');
  if (slash != path.npos) return group(path.substr(0, slash)).add(path.substr(slash + 1), tensor);
  check(!path.empty() && !groups_.contains(std::string(path)) &&
            datasets_.emplace(path, std::move(tensor)).second,
        "Hdf5Tree: '", path, "' is taken or no name");
}

/// Where everything of a tree lies in its file: the superblock, then the numbers, then all that
/// describes them.
class Hdf5Layout {
 public:
  explicit Hdf5Layout(const Hdf5Tree& root) : structure_(place_data(root)), superblock_(0) {
    const GroupPlace place = write_group(root);
    write_superblock(place);
  }

  void write(FileWriter& out) const {
    out.write(superblock_.bytes());
    const std::vector<uint8_t> padding(8);
    for (const Tensor* tensor : data_) {
      out.write(memory_of(to_host_row_major(*tensor)));
      out.write(std::span(padding).first((8 - size_bytes(*tensor) % 8) % 8));
    }
    out.write(structure_.bytes());
  }

 private:
  struct GroupPlace {
    uint64_t header, tree, heap;
  };
  struct Symbol {
    uint64_t name;  // its offset in the local heap
    uint64_t header;
  };
  /// A node of a B-tree: where it lies, and the name that its last symbol has.
  struct Node {
    uint64_t address, last_name;
  };

  /// Gives every dataset its place, in the order in which write_group() meets them. The end of the
  /// data.
  uint64_t place_data(const Hdf5Tree& tree) {
    for (const auto& [name, tensor] : tree.datasets_) {
      data_places_[&tensor] = data_end_;
      data_.push_back(&tensor);
      data_end_ += (size_bytes(tensor) + 7) / 8 * 8;
    }
    for (const auto& [name, group] : tree.groups_) place_data(group);
    return data_end_;
  }

  /// Everything below the group, then the group's own parts.
  GroupPlace write_group(const Hdf5Tree& tree) {
    std::map<std::string_view, uint64_t> members;
    for (const auto& [name, tensor] : tree.datasets_) members[name] = write_dataset(tensor);
    for (const auto& [name, group] : tree.groups_) members[name] = write_group(group).header;

    Hdf5Bytes names(0);
    names.pad(8);
    std::vector<Symbol> symbols;
    for (const auto& [name, header] : members) {
      symbols.push_back({names.end(), header});
      names.text(name);
      names.u8(0);
      names.align();
    }
    const uint64_t heap = structure_.end();
    structure_.text(hdf5::kLocalHeap);
    structure_.u32(0);  // version 0
    structure_.u64(names.bytes().size());
    structure_.u64(1);  // no free list
    structure_.u64(heap + 32);
    structure_.append(names);

    const uint64_t tree_address = write_tree(symbols);

    Hdf5Bytes messages(0);
    Hdf5Bytes symbol_table(0);
    symbol_table.u64(tree_address);
    symbol_table.u64(heap);
    messages.message(hdf5::MessageType::symbol_table, symbol_table);
    for (const auto& attribute : tree.attributes_) {
      const Hdf5Bytes body = attribute_of(attribute);
      check(body.bytes().size() <= kMaxMessage, "write_hdf5: attribute '", attribute.name,
            "' takes ", body.bytes().size(), " bytes, an attribute holds ", kMaxMessage);
      messages.message(hdf5::MessageType::attribute, body);
    }
    return {write_header(messages, static_cast<uint16_t>(1 + tree.attributes_.size())),
            tree_address, heap};
  }

  uint64_t write_header(const Hdf5Bytes& messages, uint16_t count) {
    const uint64_t address = structure_.end();
    structure_.u16(1);  // version
    structure_.u16(count);
    structure_.u32(1);  // references
    structure_.u32(static_cast<uint32_t>(messages.bytes().size()));
    structure_.u32(0);
    structure_.append(messages);
    return address;
  }

  uint64_t write_dataset(const Tensor& tensor) {
    Hdf5Bytes fill_value(0), layout(0), messages(0);
    for (const uint8_t byte : {2, 2, 2, 0}) fill_value.u8(byte);  // version 2; there is none
    layout.u8(3);
    layout.u8(hdf5::kContiguous);
    layout.u64(tensor.numel() == 0 ? hdf5::kUndefinedAddress : data_places_.at(&tensor));
    layout.u64(size_bytes(tensor));
    messages.message(hdf5::MessageType::dataspace, hdf5_dataspace(tensor.shape()));
    messages.message(hdf5::MessageType::datatype, hdf5_number(tensor.dtype()));
    messages.message(hdf5::MessageType::fill_value, fill_value);
    messages.message(hdf5::MessageType::layout, layout);
    return write_header(messages, 4);
  }

  /// A B-tree over symbols in the order of their names, with as many levels as they need; the
  /// root's address.
  uint64_t write_tree(const std::vector<Symbol>& symbols) {
    std::vector<Node> nodes;
    for (size_t first = 0; first < symbols.size(); first += kMaxSymbols) {
      const size_t count = std::min(kMaxSymbols, symbols.size() - first);
      const uint64_t address = structure_.end();
      structure_.text(hdf5::kSymbolNode);
      structure_.u16(1);  // version
      structure_.u16(static_cast<uint16_t>(count));
      for (size_t i = first; i < first + count; ++i) write_symbol(symbols[i]);
      structure_.pad(40 * (kMaxSymbols - count));
      nodes.push_back({address, symbols[first + count - 1].name});
    }
    uint8_t level = 0;
    do {
      nodes = write_level(nodes, level++);
    } while (nodes.size() > 1);
    return nodes[0].address;
  }

  void write_symbol(const Symbol& symbol) {
    structure_.u64(symbol.name);
    structure_.u64(symbol.header);
    structure_.pad(24);  // nothing is cached
  }

  /// The nodes above `children`, of one size, side by side.
  std::vector<Node> write_level(const std::vector<Node>& children, uint8_t level) {
    constexpr size_t kNodeSize = 24 + 8 * (2 * kMaxChildren + 1);
    const size_t count = std::max<size_t>(1, (children.size() + kMaxChildren - 1) / kMaxChildren);
    const uint64_t begin = structure_.end();
    std::vector<Node> nodes;
    uint64_t last_name = 0;  // that of no name: before all others
    for (size_t n = 0; n < count; ++n) {
      const size_t first = n * kMaxChildren;
      const size_t entries = std::min(kMaxChildren, children.size() - first);
      const uint64_t address = begin + n * kNodeSize;
      structure_.text(hdf5::kBTree);
      structure_.u8(0);  // of a group
      structure_.u8(level);
      structure_.u16(static_cast<uint16_t>(entries));
      structure_.u64(n == 0 ? hdf5::kUndefinedAddress : address - kNodeSize);
      structure_.u64(n + 1 == count ? hdf5::kUndefinedAddress : address + kNodeSize);
      structure_.u64(last_name);
      for (size_t i = first; i < first + entries; ++i) {
        structure_.u64(children[i].address);
        structure_.u64(last_name = children[i].last_name);
      }
      structure_.pad(16 * (kMaxChildren - entries));
      nodes.push_back({address, last_name});
    }
    return nodes;
  }

  Hdf5Bytes attribute_of(const Hdf5Tree::Attribute& attribute) {
    const auto& texts = attribute.texts;
    const Shape shape = attribute.is_array ? Shape{static_cast<int64_t>(texts.size())} : Shape();
    Hdf5Bytes data(0);
    if (texts.empty()) return hdf5_attribute(attribute.name, hdf5_number(DType::f64), shape, data);
    if (!attribute.is_array && texts[0].size() > kMaxFixedText) {
      data.u32(static_cast<uint32_t>(texts[0].size()));
      data.u64(write_global_heap(texts[0]));
      data.u32(1);
      return hdf5_attribute(attribute.name, hdf5_variable_text(), shape, data);
    }
    size_t length = 1;
    bool is_ascii = true;
    for (const std::string& text : texts) {
      length = std::max(length, text.size());
      is_ascii &= std::all_of(text.begin(), text.end(), [](uint8_t byte) { return byte < 0x80; });
    }
    for (const std::string& text : texts) {
      data.text(text);
      data.pad(length - text.size());
    }
    return hdf5_attribute(attribute.name, hdf5_fixed_text(length, is_ascii), shape, data);
  }

  /// A global heap with one text as its object 1; its address.
  uint64_t write_global_heap(const std::string& text) {
    check(text.size() <= UINT32_MAX, "write_hdf5: a text of ", text.size(),
          " bytes, an attribute's has at most ", UINT32_MAX);
    const uint64_t address = structure_.end();
    structure_.text(hdf5::kGlobalHeap);
    structure_.u32(1);                                    // version
    structure_.u64(16 + 16 + (text.size() + 7) / 8 * 8);  // header, object
    structure_.u16(1);                                    // index
    structure_.u16(1);                                    // references
    structure_.u32(0);
    structure_.u64(text.size());
    structure_.text(text);
    structure_.align();
    return address;
  }

  void write_superblock(const GroupPlace& root) {
    superblock_.text(hdf5::kSignature);
    superblock_.u32(0);                                            // versions
    for (const uint8_t byte : {0, 8, 8, 0}) superblock_.u8(byte);  // sizes of offsets and lengths
    superblock_.u16(kLeafK);
    superblock_.u16(kInternalK);
    superblock_.u32(0);
    superblock_.u64(0);                        // base address
    superblock_.u64(hdf5::kUndefinedAddress);  // free space
    superblock_.u64(structure_.end());
    superblock_.u64(hdf5::kUndefinedAddress);  // driver
    superblock_.u64(0);                        // the root's name
    superblock_.u64(root.header);
    superblock_.u64(1);  // the next two are cached:
    superblock_.u64(root.tree);
    superblock_.u64(root.heap);
  }

  uint64_t data_end_ = kSuperblockSize;
  std::map<const Tensor*, uint64_t> data_places_;
  std::vector<const Tensor*> data_;
  Hdf5Bytes structure_;
  Hdf5Bytes superblock_;
};

void write_hdf5(const std::filesystem::path& path, const Hdf5Tree& root) {
  const Hdf5Layout layout(root);
  write_file_atomically(path, [&](FileWriter& out) { layout.write(out); });
}

}  // namespace smtrain::nn
