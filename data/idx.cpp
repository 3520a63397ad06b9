// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/idx.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/compression.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace smtrain::data {
namespace {

constexpr int kFastCompression = 1;  // larger levels take seconds for a tenth of the size
constexpr uint32_t kMagicOfBytes =
    0x0800;  // plus the number of dimensions: 2049 labels, 2051 images

StoredType stored_type(uint8_t code, const std::string& name) {
  switch (code) {
    case 0x08: return {'u', 1, true};
    case 0x09: return {'i', 1, true};
    case 0x0b: return {'i', 2, true};
    case 0x0c: return {'i', 4, true};
    case 0x0d: return {'f', 4, true};
    case 0x0e: return {'f', 8, true};
  }
  bad_input(name, ": not an IDX file: element type ", int{code},
            " is not known, expected 8, 9 or 11 to 14");
}

// What a header claims is believed up to here; beyond it memory grows with what is really there.
constexpr size_t kTrustedBytes = size_t{64} << 20;

/// The next `size` bytes of the file, which must hold that many.
std::vector<uint8_t> read_exactly(Decompressor& file, size_t size, std::string_view what,
                                  const std::string& name) {
  std::vector<uint8_t> bytes;
  for (size_t got = 0; got < size;) {
    bytes.resize(std::min(size, std::max(kTrustedBytes, 2 * got)));
    got += file.read(std::span(bytes).subspan(got));
    if (got < bytes.size())
      bad_input(name, ": truncated: ", size, " bytes of ", what, " expected, ", got, " are there");
  }
  return bytes;
}

void expect_dimensions(const Array& array, std::initializer_list<int> expected,
                       std::string_view what, const std::filesystem::path& path) {
  for (const int dimensions : expected) {
    if (array.shape.ndim() == dimensions) return;
  }
  bad_input(path.string(), ": expected IDX ", what, " (magic ", kMagicOfBytes + *expected.begin(),
            "), found magic ", kMagicOfBytes + array.shape.ndim());
}

}  // namespace

Array parse_idx(std::span<const uint8_t> file, const std::string& name) {
  const bool packed = is_gzip(file);
  Decompressor source(file, packed ? Compression::gzip : Compression::none, name);

  const auto magic = read_exactly(source, 4, "magic number", name);
  if (magic[0] != 0 || magic[1] != 0) {
    bad_input(name, ": not an IDX file: it begins with bytes ", int{magic[0]}, " ", int{magic[1]},
              ", expected 0 0");
  }
  const StoredType type = stored_type(magic[2], name);
  if (magic[3] > kMaxDims)
    bad_input(name, ": ", int{magic[3]}, " dimensions, expected at most ", kMaxDims);
  const auto header = read_exactly(source, size_t{4} * magic[3], "dimensions", name);
  ByteReader dimensions(header, name);
  Shape shape;
  while (dimensions.remaining() > 0) shape.push_back(dimensions.big<uint32_t>("dimension"));

  const uint64_t size = checked_size_bytes(shape, type.size, name);
  if (size / (packed ? kMaxInflation : 1) > file.size()) {
    bad_input(name, ": shape ", shape, " needs ", size, " bytes of data, more than a ",
              packed ? "gzip " : "", "file of ", file.size(), " bytes can hold");
  }
  auto raw = read_exactly(source, size, "data", name);
  uint8_t beyond;
  if (source.read({&beyond, 1}) != 0) {
    bad_input(name, ": more data than the ", size, " bytes of its shape ", shape);
  }
  return array_of(type, shape, std::move(raw), name);
}

Array read_idx(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_idx(file.bytes(), path.string());
}

void write_idx(const std::filesystem::path& path, const Array& array) {
  check(array.dtype == DType::u8, "write_idx: expected u8 elements, got ", name_of(array.dtype));
  std::vector<uint8_t> file = {0, 0, 0x08, static_cast<uint8_t>(array.shape.ndim())};
  for (const int64_t size : array.shape) {
    check(size <= std::numeric_limits<uint32_t>::max(), "write_idx: shape ", array.shape,
          " does not fit 32-bit sizes");
    for (int shift = 24; shift >= 0; shift -= 8)
      file.push_back(static_cast<uint8_t>(size >> shift));
  }
  file.insert(file.end(), array.bytes.begin(), array.bytes.end());
  if (path.extension() == ".gz") file = gzip(file, kFastCompression);
  write_file_atomically(path, file);
}

std::shared_ptr<IdxDataset> IdxDataset::open(const std::filesystem::path& images,
                                             const std::filesystem::path& labels,
                                             ArrayDatasetOptions options) {
  Array pictures = read_idx(images);
  expect_dimensions(pictures, {3, 4}, "images", images);
  const Array classes = read_idx(labels);
  expect_dimensions(classes, {1}, "labels", labels);
  return std::make_shared<IdxDataset>(NamedArray{images.string(), std::move(pictures)},
                                      NamedArray{labels.string(), classes}, std::move(options));
}

}  // namespace smtrain::data
