// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/formats/pickle_globals.h"

#include "smtrain/engine/error.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <memory>

namespace smtrain::nn {
namespace {

constexpr StorageType kStorageTypes[] = {
    {"torch.FloatStorage", "f32", 4, DType::f32},
    {"torch.DoubleStorage", "f64", 8, DType::f64},
    {"torch.BFloat16Storage", "bf16", 2, DType::bf16},
    {"torch.HalfStorage", "f16", 2, DType::f16},
    {"torch.LongStorage", "i64", 8, DType::i64},
    {"torch.IntStorage", "i32", 4, DType::i32},
    {"torch.ShortStorage", "i16", 2, std::nullopt},
    {"torch.CharStorage", "i8", 1, std::nullopt},
    {"torch.ByteStorage", "u8", 1, DType::u8},
    {"torch.BoolStorage", "bool", 1, DType::boolean},
};

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kSize = "torch.Size";
constexpr std::string_view kDevice = "torch.device";

constexpr std::string_view kOtherGlobals[] = {
    kOrderedDict,     kRebuildTensor, kRebuildParameter, kSize,          kDevice,
    "torch.float32",  "torch.float",  "torch.float64",   "torch.double", "torch.float16",
    "torch.half",     "torch.int64",  "torch.long",      "torch.int32",  "torch.int",
    "torch.int16",    "torch.short",  "torch.int8",      "torch.uint8",  "torch.bool",
    "torch.bfloat16",
};

const StorageType* find_storage_type(std::string_view global) {
  const auto* found = std::find_if(std::begin(kStorageTypes), std::end(kStorageTypes),
                                   [&](const auto& type) { return type.global == global; });
  return found == std::end(kStorageTypes) ? nullptr : found;
}

/// items[i] as a T, or an error saying what came instead.
template <typename T>
const T& argument(const std::vector<PickleValue>& items, size_t i, std::string_view expected,
                  const std::string& where) {
  if (i >= items.size()) bad_input(where, ": ", expected, " is missing");
  const T* value = items[i].as<const T>();
  if (value == nullptr) bad_input(where, ": ", expected, " expected, got ", items[i].type_name());
  return *value;
}

Shape shape_of(const PickleTuple& tuple, std::string_view what, const std::string& where) {
  if (tuple.items.size() > kMaxDims) {
    bad_input(where, ": a tensor of ", tuple.items.size(), " dimensions, expected at most ",
              kMaxDims);
  }
  Shape shape;
  for (size_t i = 0; i < tuple.items.size(); ++i) {
    const int64_t value = argument<int64_t>(tuple.items, i, what, where);
    if (value < 0) bad_input(where, ": a tensor has the negative ", what, " ", value);
    shape.push_back(value);
  }
  return shape;
}

/// The position of the last element, counted from the first; nothing when it does not fit 63 bits.
std::optional<int64_t> last_element(const Shape& shape, const Shape& strides) {
  int64_t last = 0;
  for (int i = 0; i < shape.ndim(); ++i) {
    int64_t step;
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  return last;
}

void check_inside(const PickleTensor& tensor, const std::string& where) {
  const auto& [storage, offset, shape, strides] = tensor;
  if (shape.ndim() != strides.ndim()) {
    bad_input(where, ": a tensor of shape ", shape, " has the strides ", strides);
  }
  const auto bytes = size_bytes_of(shape, storage.type->element_bytes);
  if (!bytes) bad_input(where, ": a tensor of shape ", shape, " fits no memory");
  if (*bytes == 0) return;
  const auto last = last_element(shape, strides);
  if (!last || offset >= storage.numel || *last >= storage.numel - offset) {
    bad_input(where, ": a tensor of shape ", shape, ", strides ", strides, " and offset ", offset,
              " does not lie inside its storage '", storage.key, "' of ", storage.numel,
              " elements");
  }
  // Otherwise a few bytes could stand for a tensor of any size.
  if (shape.numel() > storage.numel) {
    bad_input(where, ": a tensor of shape ", shape, " repeats the ", storage.numel,
              " elements of its storage '", storage.key, "' (strides ", strides, ")");
  }
}

PickleValue rebuild_tensor(const PickleTuple& arguments, const std::string& where) {
  const auto& items = arguments.items;  // requires_grad, hooks and metadata follow
  const auto& storage = argument<PickleStorage>(items, 0, "storage", where);
  const int64_t offset = argument<int64_t>(items, 1, "storage offset", where);
  const auto& sizes = argument<PickleTuple>(items, 2, "tuple of sizes", where);
  const auto& strides = argument<PickleTuple>(items, 3, "tuple of strides", where);
  if (offset < 0) bad_input(where, ": a tensor has the negative storage offset ", offset);
  auto tensor = std::make_shared<PickleTensor>(PickleTensor{
      storage, offset, shape_of(sizes, "size", where), shape_of(strides, "stride", where)});
  check_inside(*tensor, where);
  return tensor;
}

/// The first argument, which must be a T: what stands for the whole call.
template <typename T>
PickleValue first_argument(const PickleTuple& arguments, std::string_view expected,
                           const std::string& where) {
  argument<T>(arguments.items, 0, expected, where);
  return arguments.items[0];
}

}  // namespace

PickleGlobal allowed_global(std::string_view name, const std::string& where) {
  if (const StorageType* type = find_storage_type(name)) return {type->global};
  const auto* found = std::find(std::begin(kOtherGlobals), std::end(kOtherGlobals), name);
  if (found == std::end(kOtherGlobals)) {
    bad_input(where, ": '", name, "' is not allowed: only tensors and plain values are read");
  }
  return {*found};
}

PickleValue reduce_global(const PickleGlobal& global, const PickleTuple& arguments,
                          const std::string& where) {
  if (global.name == kOrderedDict) {
    if (!arguments.items.empty()) bad_input(where, ": OrderedDict takes no arguments here");
    return std::make_shared<PickleDict>();
  }
  if (global.name == kRebuildTensor) return rebuild_tensor(arguments, where);
  if (global.name == kRebuildParameter) {
    return first_argument<PickleTensor>(arguments, "tensor", where);
  }
  if (global.name == kSize) return first_argument<PickleTuple>(arguments, "tuple of sizes", where);
  if (global.name == kDevice) return first_argument<std::string>(arguments, "device type", where);
  bad_input(where, ": '", global.name, "' can't be called");
}

PickleValue storage_of_persistent_id(const PickleValue& id, const std::string& where) {
  const auto* tuple = id.as<PickleTuple>();
  if (tuple == nullptr) bad_input(where, ": tuple expected as persistent id, got ", id.type_name());
  const auto& items = tuple->items;
  const auto& kind = argument<std::string>(items, 0, "'storage'", where);
  if (kind != "storage") bad_input(where, ": 'storage' expected, got another persistent id");
  const auto& global = argument<PickleGlobal>(items, 1, "storage type", where);
  const StorageType* type = find_storage_type(global.name);
  if (type == nullptr) bad_input(where, ": storage type expected, got '", global.name, "'");
  const auto& key = argument<std::string>(items, 2, "storage key", where);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  constexpr size_t kMaxKeyBytes = 20;  // the digits of an address
  if (key.empty() || key.size() > kMaxKeyBytes || !std::all_of(key.begin(), key.end(), is_digit)) {
    bad_input(where, ": a storage key is expected to be a decimal number");
  }
  const int64_t total = argument<int64_t>(items, 4, "element count", where);
  if (total < 0) bad_input(where, ": storage '", key, "' has ", total, " elements");
  PickleStorage storage{.type = type, .key = key, .total = total, .numel = total};
  if (items.size() > 5 && !items[5].is_none()) {
    const auto& view = argument<PickleTuple>(items, 5, "storage view", where);
    storage.begin = argument<int64_t>(view.items, 1, "begin of a storage view", where);
    storage.numel = argument<int64_t>(view.items, 2, "element count of a storage view", where);
    if (storage.begin < 0 || storage.numel < 0 || storage.begin > total ||
        storage.numel > total - storage.begin) {
      bad_input(where, ": ", storage.numel, " elements from ", storage.begin,
                " are not part of storage '", key, "' of ", total);
    }
  }
  return std::make_shared<PickleStorage>(std::move(storage));
}

const StorageType& storage_type_of(DType dtype) {
  return *std::find_if(std::begin(kStorageTypes), std::end(kStorageTypes),
                       [&](const auto& type) { return type.dtype == dtype; });
}

}  // namespace smtrain::nn
