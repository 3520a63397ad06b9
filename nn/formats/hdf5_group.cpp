// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/hdf5_group.h"

#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/nn/formats/hdf5_format.h"

namespace smtrain::nn::hdf5 {
namespace {

constexpr uint32_t kSoftLink = 2;  // in place of a header's address: another name

class GroupReader {
 public:
  GroupReader(std::span<const uint8_t> file, Budget& budget, const std::string& where)
      : in_(file, where), budget_(budget) {}

  Members read(std::span<const uint8_t> symbol_table) {
    ByteReader places(symbol_table, in_.name() + ": symbol table");
    const auto tree = places.little<uint64_t>("address of the B-tree");
    open_heap(places.little<uint64_t>("address of the local heap"));
    read_node(tree, -1);
    return std::move(members_);
  }

 private:
  void expect(std::string_view signature, uint64_t address, uint8_t version, const char* what) {
    in_.seek(address, what);
    if (in_.take_text(4, what) != signature) {
      bad_input(in_.name(), ": expected the ", what, " '", signature, "' at offset ", address);
    }
    const auto found = in_.little<uint8_t>("version");
    if (found != version) {
      bad_input(in_.name(), ": the ", what, " at offset ", address, " has version ", int{found},
                ", expected ", int{version});
    }
  }

  void open_heap(uint64_t address) {
    expect(kLocalHeap, address, 0, "local heap");
    in_.take(3, "reserved bytes");
    const auto size = in_.little<uint64_t>("size of the local heap");
    in_.take(8, "free list");
    in_.seek(in_.little<uint64_t>("address of the local heap's data"), "local heap");
    heap_ = in_.take_text(size, "local heap");
  }

  /// `level` is what the parent expects: 0 has symbol nodes below it; -1 is the root's.
  void read_node(uint64_t address, int level) {
    in_.seek(address, "B-tree");
    if (in_.take_text(4, "B-tree") != kBTree) {
      bad_input(in_.name(), ": expected the B-tree '", kBTree, "' at offset ", address);
    }
    if (in_.little<uint8_t>("type of the B-tree") != 0) {
      bad_input(in_.name(), ": the B-tree at offset ", address, " is not a group's");
    }
    const int own_level = in_.little<uint8_t>("level of the B-tree");
    if (level >= 0 && own_level != level) {
      bad_input(in_.name(), ": the B-tree node at offset ", address, " has level ", own_level,
                ", expected ", level);
    }
    const auto entries = in_.little<uint16_t>("entries of the B-tree");
    budget_.spend(40 + 16 * uint64_t{entries}, in_.name());
    in_.take(16 + 8, "siblings and first key");
    for (int i = 0; i < entries; ++i) {
      const auto child = in_.little<uint64_t>("B-tree's child");
      in_.take(8, "B-tree's key");
      const size_t next = in_.offset();
      own_level == 0 ? read_symbols(child) : read_node(child, own_level - 1);
      in_.seek(next, "B-tree");
    }
  }

  void read_symbols(uint64_t address) {
    expect(kSymbolNode, address, 1, "symbol node");
    in_.take(1, "reserved byte");
    const auto count = in_.little<uint16_t>("number of symbols");
    budget_.spend(8 + 40 * uint64_t{count}, in_.name());
    for (int i = 0; i < count; ++i) {
      const std::string_view name = name_at(in_.little<uint64_t>("offset of a name"));
      const auto header = in_.little<uint64_t>("address of an object");
      if (in_.little<uint32_t>("cache type") == kSoftLink) {
        bad_input(in_.name(), ": '", name, "' is a link to another name, which this reader leaves ",
                  "out");
      }
      in_.take(4 + 16, "cache");
      if (!members_.emplace(name, header).second) {
        bad_input(in_.name(), ": has '", name, "' twice");
      }
    }
  }

  std::string_view name_at(uint64_t offset) {
    const size_t end = offset < heap_.size() ? heap_.find('\0', offset) : heap_.npos;
    if (end == heap_.npos) {
      bad_input(in_.name(), ": a name lies at ", offset, " of the local heap, which has ",
                heap_.size(), " bytes");
    }
    const std::string_view name = heap_.substr(offset, end - offset);
    budget_.spend(name.size() + 1, in_.name());
    return name;
  }

  ByteReader in_;
  Budget& budget_;
  std::string_view heap_;
  Members members_;
};

}  // namespace

Members read_members(std::span<const uint8_t> file, std::span<const uint8_t> symbol_table,
                     Budget& budget, const std::string& where) {
  return GroupReader(file, budget, where).read(symbol_table);
}

}  // namespace smtrain::nn::hdf5
