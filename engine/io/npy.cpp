// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/io/npy.h"

#include "smtrain/engine/error.h"
#include "smtrain/engine/io/byte_reader.h"
#include "smtrain/engine/io/file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <utility>

namespace smtrain {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 36;
constexpr size_t kAlignment = 64;  // of the data in the file

struct Header {
  StoredType type;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the header's Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !descr_) {
        descr_ = element_type();
      } else if (key == "fortran_order" && !fortran_order_) {
        fortran_order_ = boolean();
      } else if (key == "shape" && !shape_) {
        shape_ = tuple();
      } else {
        bad_input(name_, ": unexpected or repeated key '", key, "' in the header");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ < text_.size()) fail_here("the end");
    if (!descr_ || !fortran_order_ || !shape_) {
      bad_input(name_, ": the header lacks one of 'descr', 'fortran_order', 'shape'");
    }
    return {*descr_, *fortran_order_, *shape_};
  }

 private:
  [[noreturn]] void fail_here(std::string_view expected) const {
    bad_input(name_, ": header: expected ", expected, " at character ", at_, " of its text");
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail_here(std::string{'\'', c, '\''});
  }

  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail_here("a closing quote");
    return text_.substr(std::exchange(at_, end + 1), end - at_);
  }

  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    fail_here("True or False");
  }

  Shape tuple() {
    Shape values;
    expect('(');
    while (!accept(')')) {
      skip_space();
      int64_t value = 0;
      const char* begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (error != std::errc{} || value < 0) fail_here("a dimension of 0 to 2^63-1");
      at_ += static_cast<size_t>(end - begin);
      accept('L');  // Python 2 wrote long integers so
      if (values.ndim() == kMaxDims) bad_input(name_, ": more than ", kMaxDims, " dimensions");
      values.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  StoredType element_type() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') {
      bad_input(name_, ": structured arrays (several named fields per element) are not supported");
    }
    const std::string_view descr = quoted();
    StoredType type;
    const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != descr.npos;
    const std::string_view rest = descr.substr(has_order ? 1 : 0);
    if (rest.starts_with('O')) bad_input(name_, ": arrays of Python objects are not supported");
    type.big_endian = has_order && descr[0] == '>';
    type.kind = rest.empty() ? '?' : rest[0];
    const char* end = rest.data() + rest.size();
    const bool sized =
        rest.size() >= 2 && std::from_chars(rest.data() + 1, end, type.size).ptr == end;
    if (!sized || !has_dtype(type)) {
      bad_input(name_, ": element type '", descr,
                "' is not supported, expected f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or b1");
    }
    return type;
  }

  std::string_view text_;
  size_t at_ = 0;
  const std::string& name_;
  std::optional<StoredType> descr_;
  std::optional<bool> fortran_order_;
  std::optional<Shape> shape_;
};

Header read_header(ByteReader& in) {
  if (in.remaining() < kMagic.size() || in.take_text(kMagic.size(), "magic") != kMagic) {
    bad_input(in.name(), ": not a .npy file (it does not begin with \\x93NUMPY)");
  }
  const int major = in.little<uint8_t>("version");
  const int minor = in.little<uint8_t>("version");
  if (major < 1 || major > 3 || minor != 0) {
    bad_input(in.name(), ": .npy version ", major, ".", minor,
              " is not known, expected 1.0, 2.0 or 3.0");
  }
  const uint64_t size =
      major == 1 ? in.little<uint16_t>("header length") : in.little<uint32_t>("header length");
  return HeaderParser(in.take_text(size, "header"), in.name()).parse();
}

/// Puts elements whose first index runs fastest into row-major order.
std::vector<uint8_t> row_major(const std::vector<uint8_t>& fortran, const Shape& shape,
                               size_t element_size) {
  std::vector<uint8_t> result(fortran.size());
  Shape index = shape;
  std::fill(index.begin(), index.end(), 0);
  for (size_t to = 0; to < result.size(); to += element_size) {
    int64_t from = 0;
    for (int d = shape.ndim(); d-- > 0;) from = from * shape[d] + index[d];
    std::copy_n(&fortran[static_cast<size_t>(from) * element_size], element_size, &result[to]);
    for (int d = shape.ndim(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

const char* descr_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "<f4";
    case DType::f64: return "<f8";
    case DType::f16: return "<f2";
    case DType::i64: return "<i8";
    case DType::i32: return "<i4";
    case DType::u8: return "|u1";
    case DType::boolean: return "|b1";
    case DType::bf16: break;
  }
  mistake("npy: NumPy has no bf16; convert to f32 first");
}

/// "(2, 3)", "(2,)", "()"
std::string python_tuple(const Shape& shape) {
  std::string text = "(";
  for (const int64_t size : shape) text += std::to_string(size) + (shape.ndim() == 1 ? "," : ", ");
  if (shape.ndim() > 1) text.resize(text.size() - 2);
  return text + ")";
}

}  // namespace

Array parse_npy(std::vector<uint8_t> file, const std::string& name) {
  ByteReader in(file, name);
  const Header header = read_header(in);
  const uint64_t size = checked_size_bytes(header.shape, header.type.size, name);
  if (size != in.remaining()) {
    bad_input(name, ": shape ", header.shape, " needs ", size, " bytes of data, the file has ",
              in.remaining());
  }
  file.erase(file.begin(), file.begin() + static_cast<ptrdiff_t>(in.offset()));
  if (header.fortran_order && header.shape.ndim() > 1) {
    file = row_major(file, header.shape, static_cast<size_t>(header.type.size));
  }
  return array_of(header.type, header.shape, std::move(file), name);
}

Array read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path, kMaxFileBytes), path.string());
}

std::string npy_header(DType dtype, const Shape& shape) {
  std::string text =
      concat_text("{'descr': '", descr_of(dtype),
                  "', 'fortran_order': False, 'shape': ", python_tuple(shape), ", }");
  const size_t prefix = kMagic.size() + 2 + 2;  // version, length of the text
  text.resize((prefix + text.size()) / kAlignment * kAlignment + kAlignment - prefix - 1, ' ');
  text += '\n';
  const std::string version_and_length = {1, 0, static_cast<char>(text.size() & 0xff),
                                          static_cast<char>(text.size() >> 8)};
  return std::string(kMagic) + version_and_length + text;
}

void write_npy(const std::filesystem::path& path, const Array& array) {
  static_assert(std::endian::native == std::endian::little);
  const std::string header = npy_header(array.dtype, array.shape);
  write_file_atomically(path, [&](FileWriter& out) {
    out.write(header);
    out.write(std::span<const uint8_t>(array.bytes));
  });
}

}  // namespace smtrain
