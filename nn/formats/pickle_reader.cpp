// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_reader.h"

#include "smtrain/nn/formats/pickle_globals.h"
#include "smtrain/nn/formats/pickle_opcode.h"

#include <algorithm>
#include <bit>
#include <span>
#include <unordered_map>

namespace smtrain::nn {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxValues = 1'000'000;  // a checkpoint of resnet152 and its optimizer has 40,000
constexpr size_t kMaxMarks = 10 * kMaxDepth;
constexpr size_t kMaxKeyBytes = 4096;    // of a dict
constexpr size_t kMaxGlobalBytes = 256;  // of a module or name
constexpr uint8_t kProtocol = 2;

/// The stack machine that pickles are programs for.
class PickleMachine {
 public:
  explicit PickleMachine(ByteReader& in) : in_(in) {}

  Unpickled run() {
    next_opcode();
    if (opcode_ != PickleOpcode::PROTO) refuse("a pickle begins with PROTO");
    const auto protocol = in_.little<uint8_t>("pickle protocol");
    if (protocol != kProtocol) refuse("protocol ", int{protocol}, ", expected ", int{kProtocol});
    for (next_opcode(); opcode_ != PickleOpcode::STOP; next_opcode()) step();
    PickleValue value = pop();
    if (!stack_.empty() || !marks_.empty()) refuse("values are left over");
    return {std::move(value), std::move(storages_)};
  }

 private:
  void next_opcode() {
    offset_ = in_.offset();
    opcode_ = static_cast<PickleOpcode>(in_.little<uint8_t>("pickle opcode"));
  }

  std::string where() const {
    return concat_text(in_.name(), ": pickle opcode ",
                       pickle_opcode_name(static_cast<uint8_t>(opcode_)), " at offset ", offset_);
  }

  template <typename... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    bad_input(where(), ": ", parts...);
  }

  void step() {
    switch (opcode_) {
      case PickleOpcode::NONE: return push({});
      case PickleOpcode::NEWTRUE: return push(true);
      case PickleOpcode::NEWFALSE: return push(false);
      case PickleOpcode::BININT1: return push(int64_t{in_.little<uint8_t>("integer")});
      case PickleOpcode::BININT2: return push(int64_t{in_.little<uint16_t>("integer")});
      case PickleOpcode::BININT: return push(int64_t{in_.little<int32_t>("integer")});
      case PickleOpcode::LONG1: return push(long_integer());
      case PickleOpcode::BINFLOAT: return push(std::bit_cast<double>(in_.big<uint64_t>("float")));
      case PickleOpcode::BINUNICODE: return push(text(in_.little<uint32_t>("text length")));
      case PickleOpcode::SHORT_BINSTRING: return push(text(in_.little<uint8_t>("text length")));

      case PickleOpcode::EMPTY_TUPLE: return push(tuple(0));
      case PickleOpcode::TUPLE1: return push(tuple(1));
      case PickleOpcode::TUPLE2: return push(tuple(2));
      case PickleOpcode::TUPLE3: return push(tuple(3));
      case PickleOpcode::TUPLE: return push(tuple(pop_mark()));
      case PickleOpcode::EMPTY_LIST: return push(std::make_shared<PickleList>());
      case PickleOpcode::APPEND: return append(1);
      case PickleOpcode::APPENDS: return append(pop_mark());
      case PickleOpcode::EMPTY_DICT: return push(std::make_shared<PickleDict>());
      case PickleOpcode::SETITEM: return set_items(2);
      case PickleOpcode::SETITEMS: return set_items(pop_mark());

      case PickleOpcode::MARK: return mark();
      case PickleOpcode::BINPUT: return memorize(in_.little<uint8_t>("memo index"));
      case PickleOpcode::LONG_BINPUT: return memorize(in_.little<uint32_t>("memo index"));
      case PickleOpcode::BINGET: return push(remember(in_.little<uint8_t>("memo index")));
      case PickleOpcode::LONG_BINGET: return push(remember(in_.little<uint32_t>("memo index")));

      case PickleOpcode::GLOBAL: return push(global());
      case PickleOpcode::REDUCE: return push(reduce());
      case PickleOpcode::BUILD: return build();
      case PickleOpcode::BINPERSID: return push(storage());
      case PickleOpcode::PROTO:
      case PickleOpcode::STOP: break;
    }
    refuse("is not allowed in a file of tensors and plain values");
  }

  void push(PickleValue value) {
    if (++pushed_ > kMaxValues) refuse("more than ", kMaxValues, " values");
    stack_.push_back(std::move(value));
  }

  void mark() {
    if (marks_.size() == kMaxMarks) refuse("more than ", kMaxMarks, " marks are open");
    marks_.push_back(stack_.size());
  }

  /// The last `count` values, which must lie above the last mark.
  std::span<PickleValue> top(size_t count) {
    const size_t bottom = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - bottom < count) refuse("needs ", count, " values on the stack");
    return std::span(stack_).last(count);
  }

  PickleValue pop() {
    PickleValue value = std::move(top(1)[0]);
    stack_.pop_back();
    return value;
  }

  /// How many values lie above the last mark, which goes away.
  size_t pop_mark() {
    if (marks_.empty()) refuse("needs a MARK");
    const size_t count = stack_.size() - marks_.back();
    marks_.pop_back();
    return count;
  }

  int64_t long_integer() {
    const auto bytes = in_.take(in_.little<uint8_t>("integer length"), "integer");
    if (bytes.size() > sizeof(int64_t)) refuse("an integer of ", bytes.size(), " bytes");
    if (bytes.empty()) return 0;
    uint64_t value = (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;  // two's complement
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return static_cast<int64_t>(value);
  }

  PickleValue text(uint32_t size) {
    return std::make_shared<std::string>(in_.take_text(size, "text"));
  }

  /// Makes `child` part of `parent`. From then on the child stays as it is: that, together with the
  /// rule that nothing contains itself, rules out cycles and keeps the depths true.
  void adopt(PickleContainer& parent, const PickleValue& child) {
    ++parent.values;
    if (PickleContainer* container = child.container()) {
      if (container == &parent) refuse("a container would contain itself");
      container->closed = true;
      parent.depth = std::max(parent.depth, container->depth + 1);
      parent.values += container->values;
      if (parent.depth > kMaxDepth) refuse("nested more than ", kMaxDepth, " deep");
    }
    if (parent.values > kMaxValues) refuse("more than ", kMaxValues, " values in one container");
  }

  void check_open(const PickleContainer& container) const {
    if (container.closed) refuse("a container that is part of another can't change");
  }

  PickleValue tuple(size_t count) {
    auto result = std::make_shared<PickleTuple>();
    for (PickleValue& item : top(count)) {
      adopt(*result, item);
      result->items.push_back(std::move(item));
    }
    stack_.resize(stack_.size() - count);
    return result;
  }

  void append(size_t count) {
    const auto items = top(count + 1);
    auto* list = items[0].as<PickleList>();
    if (list == nullptr) refuse("expected a list, got ", items[0].type_name());
    check_open(*list);
    for (PickleValue& item : items.subspan(1)) {
      adopt(*list, item);
      list->items.push_back(std::move(item));
    }
    stack_.resize(stack_.size() - count);
  }

  void set_items(size_t count) {
    const auto items = top(count + 1);
    auto* dict = items[0].as<PickleDict>();
    if (dict == nullptr) refuse("expected a dict, got ", items[0].type_name());
    if (count % 2 != 0) refuse("a key without a value");
    check_open(*dict);
    for (size_t i = 1; i < items.size(); i += 2) {
      adopt(*dict, items[i]);
      adopt(*dict, items[i + 1]);
      if (!dict->index.emplace(key_of(items[i]), dict->items.size()).second) {
        refuse("a dict has the same key twice: ", describe(key_of(items[i])));
      }
      dict->items.emplace_back(std::move(items[i]), std::move(items[i + 1]));
    }
    stack_.resize(stack_.size() - count);
  }

  PickleDict::Key key_of(const PickleValue& value) const {
    if (const auto* number = value.as<const int64_t>()) return *number;
    const auto* text = value.as<std::string>();
    if (text == nullptr) refuse("text or an int expected as key, got ", value.type_name());
    if (text->size() > kMaxKeyBytes) refuse("a key of ", text->size(), " bytes");
    return *text;
  }

  static std::string describe(const PickleDict::Key& key) {
    return std::visit([](const auto& bare) { return concat_text("'", bare, "'"); }, key);
  }

  void memorize(uint32_t index) {
    if (memo_.size() == kMaxValues) refuse("more than ", kMaxValues, " values are stored");
    memo_[index] = top(1)[0];
  }

  const PickleValue& remember(uint32_t index) const {
    const auto found = memo_.find(index);
    if (found == memo_.end()) refuse("nothing is stored as ", index);
    return found->second;
  }

  std::string_view line() {
    const size_t begin = in_.offset();
    while (in_.little<uint8_t>("name") != '\n') {
      if (in_.offset() - begin > kMaxGlobalBytes) refuse("a name without an end");
    }
    const size_t end = in_.offset();
    in_.seek(begin, "name");
    return in_.take_text(end - begin, "name").substr(0, end - begin - 1);
  }

  PickleValue global() {
    const std::string module(line());
    return allowed_global(concat_text(module, ".", line()), where());
  }

  PickleValue reduce() {
    const PickleValue arguments = pop();
    const PickleValue callable = pop();
    const auto* global = callable.as<const PickleGlobal>();
    const auto* tuple = arguments.as<PickleTuple>();
    if (global == nullptr || tuple == nullptr) {
      refuse("expected a global and a tuple, got ", callable.type_name(), " and ",
             arguments.type_name());
    }
    return reduce_global(*global, *tuple, where());
  }

  /// An OrderedDict may carry attributes: torch's '_metadata' with the versions of modules, which
  /// nothing here needs.
  void build() {
    const PickleValue state = pop();
    const PickleValue& object = top(1)[0];
    if (object.as<PickleDict>() == nullptr || state.as<PickleDict>() == nullptr) {
      refuse("expected the attributes of an OrderedDict, got ", state.type_name(), " for ",
             object.type_name());
    }
  }

  PickleValue storage() {
    PickleValue value = storage_of_persistent_id(pop(), where());
    const auto& storage = *value.as<PickleStorage>();
    const auto& first = storages_.emplace(storage.key, storage).first->second;
    if (first.type != storage.type || first.total != storage.total) {
      refuse("storage '", storage.key, "' has ", storage.total, " ", storage.type->name,
             " elements here and ", first.total, " ", first.type->name, " elsewhere");
    }
    return value;
  }

  ByteReader& in_;
  PickleOpcode opcode_ = {};
  size_t offset_ = 0;  // of opcode_
  std::vector<PickleValue> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, PickleValue> memo_;
  std::map<std::string, PickleStorage> storages_;
  size_t pushed_ = 0;
};

}  // namespace

Unpickled read_pickle(ByteReader& in) { return PickleMachine(in).run(); }

}  // namespace smtrain::nn
