// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/nn/formats/mxnet.h"
#include "smtrain/nn/formats/tensor_bytes.h"

#include <algorithm>
#include <utility>

namespace smtrain::nn {
namespace {

constexpr uint64_t kListMagic = 0x112;
constexpr uint32_t kVersion1 = 0xF993fac8, kVersion2 = 0xF993fac9, kVersion3 = 0xF993faca;
constexpr int32_t kDense = 0, kCpu = 1;

// The numbers of mshadow's dtypes, besides 5, which are signed bytes.
constexpr std::pair<DType, int32_t> kDTypes[] = {{DType::f32, 0}, {DType::f64, 1}, {DType::f16, 2},
                                                 {DType::u8, 3},  {DType::i32, 4}, {DType::i64, 6}};
constexpr int32_t kSignedBytes = 5;

/// Reads arrays one after the other.
class ArrayReader {
 public:
  ArrayReader(ByteReader& in, uint64_t index) : in_(in), what_(concat_text("array ", index)) {}

  Tensor read() {
    const auto start = in_.little<uint32_t>(what_);
    bool has_scalars = false;
    int64_t rank = start;  // in files before 0.11 a rank is the first of an array
    bool wide = true;
    if (start == kVersion2 || start == kVersion3) {
      const auto storage = in_.little<int32_t>("storage type");
      if (storage != kDense) {
        bad_input(in_.name(), ": ", what_, " is sparse (storage type ", storage,
                  "), which this reader leaves out");
      }
      has_scalars = start == kVersion3;
      rank = in_.little<int32_t>("rank");
    } else if (start == kVersion1) {
      rank = in_.little<int32_t>("rank");
    } else {
      wide = false;
    }
    if (rank == (has_scalars ? -1 : 0)) return empty({0}, {}, Device::cpu());  // holds nothing
    if (rank < 0 || rank > kMaxDims) {
      bad_input(in_.name(), ": ", what_, " has ", rank, " dimensions, expected at most ", kMaxDims);
    }
    Shape shape;
    for (int64_t i = 0; i < rank; ++i) {
      shape.push_back(wide ? in_.little<int64_t>("size") : in_.little<uint32_t>("size"));
    }
    in_.take(8, "device");
    return read_values(shape);
  }

 private:
  Tensor read_values(const Shape& shape) {
    const auto code = in_.little<int32_t>("dtype");
    const auto known = std::find_if(std::begin(kDTypes), std::end(kDTypes),
                                    [&](const auto& entry) { return entry.second == code; });
    const bool is_known = known != std::end(kDTypes);
    if (!is_known && code != kSignedBytes) {
      bad_input(in_.name(), ": ", what_, " has dtype ", code, ", expected 0 to 6");
    }
    const auto bytes = size_bytes_of(shape, is_known ? size_of(known->first) : 1);
    if (!bytes) bad_input(in_.name(), ": ", what_, " of shape ", shape, " fits no memory");
    const auto values = in_.take(static_cast<uint64_t>(*bytes), what_);
    const DType dtype = is_known ? known->first : DType::i32;
    const Tensor tensor = empty(shape, {.dtype = dtype}, Device::cpu());
    if (is_known) {
      std::copy(values.begin(), values.end(), memory_of(tensor).begin());
    } else {
      std::transform(values.begin(), values.end(), tensor.data<int32_t>(),
                     [](uint8_t byte) { return static_cast<int8_t>(byte); });
    }
    return tensor;
  }

  ByteReader& in_;
  std::string what_;
};

/// Integers of a file, appended least significant byte first.
class Fields {
 public:
  template <typename T>
  Fields& add(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) {
      text_ += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
    }
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string array_header(const std::string& name, const Tensor& tensor) {
  const auto known = std::find_if(std::begin(kDTypes), std::end(kDTypes),
                                  [&](const auto& entry) { return entry.first == tensor.dtype(); });
  check(known != std::end(kDTypes), "write_mxnet_params: '", name, "' is ", tensor.dtype(),
        ", which the format does not have");
  check(tensor.ndim() > 0 && tensor.numel() > 0, "write_mxnet_params: '", name, "' has shape ",
        tensor.shape(), ", the format's arrays have elements and dimensions");
  Fields fields;
  fields.add(kVersion2).add(kDense).add(static_cast<uint32_t>(tensor.ndim()));
  for (const int64_t size : tensor.shape()) fields.add(size);
  fields.add(kCpu).add(int32_t{0}).add(known->second);
  return fields.text();
}

}  // namespace

StateDict read_mxnet_params(std::span<const uint8_t> bytes, const std::string& name) {
  ByteReader in(bytes, name);
  if (in.little<uint64_t>("magic number") != kListMagic) {
    bad_input(name, ": is not a list of MXNet's arrays");
  }
  in.take(8, "reserved bytes");
  const auto count = in.little<uint64_t>("number of arrays");
  std::vector<Tensor> tensors;
  for (uint64_t i = 0; i < count; ++i) tensors.push_back(ArrayReader(in, i).read());

  const auto names = in.little<uint64_t>("number of names");
  if (names != 0 && names != count) {
    bad_input(name, ": has ", names, " names for ", count, " arrays");
  }
  StateDict result;
  for (uint64_t i = 0; i < count; ++i) {
    std::string one = std::to_string(i);
    if (names != 0) one = in.take_text(in.little<uint64_t>("length of a name"), "name");
    if (result.find(one) != nullptr) bad_input(name, ": has '", one, "' twice");
    result.add(std::move(one), tensors[i]);
  }
  if (in.remaining() != 0) bad_input(name, ": ", in.remaining(), " bytes follow the last name");
  return result;
}

StateDict read_mxnet_params(const std::filesystem::path& path) {
  const MappedFile file(path);
  return read_mxnet_params(file.bytes(), path.string());
}

void write_mxnet_params(const std::filesystem::path& path, const StateDict& arrays) {
  std::vector<std::string> headers;
  for (const auto& [name, tensor] : arrays) headers.push_back(array_header(name, tensor));
  write_file_atomically(path, [&](FileWriter& out) {
    out.write(Fields().add(kListMagic).add(uint64_t{0}).add(uint64_t{arrays.size()}).text());
    size_t i = 0;
    for (const auto& [name, tensor] : arrays) {
      out.write(headers[i++]);
      out.write(memory_of(to_host_row_major(tensor)));
    }
    out.write(Fields().add(uint64_t{arrays.size()}).text());
    for (const auto& [name, tensor] : arrays) {
      out.write(Fields().add(uint64_t{name.size()}).text());
      out.write(name);
    }
  });
}

}  // namespace smtrain::nn
