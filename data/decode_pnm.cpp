// SPDX-License-Identifier: Apache-2.0
#include "smtrain/data/decoders.h"
#include "smtrain/engine/error.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace smtrain::data {
namespace {

// P1 to P3 hold bits, grey or colours as text, P4 to P6 as bytes. Comments run from '#' to the end
// of the line.
class PnmReader {
 public:
  PnmReader(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Image read(int64_t max_pixels) {
    const int kind = bytes_[1] - '0';
    const bool is_text = kind <= 3, is_bits = kind % 3 == 1;
    const int64_t channels = kind % 3 == 0 ? 3 : 1;
    at_ = 2;
    const int64_t width = number(), height = number();
    const int64_t max_value = is_bits ? 1 : number();
    if (max_value < 1 || max_value > 65535) {
      fail_damaged(name_, "PNM",
                   concat_text("the largest value is ", max_value, ", it must be 1 to 65535"));
    }
    if (!is_text) skip_one_space();

    // A header alone can't ask for memory: every value takes a bit, a character or its bytes.
    check_size(name_, height, width, max_pixels);
    const int64_t value_bytes = !is_text && max_value > 255 ? 2 : 1;
    const int64_t row_bytes = kind == 4 ? (width + 7) / 8 : width * channels * value_bytes;
    if (height * row_bytes > static_cast<int64_t>(bytes_.size() - at_)) fail_truncated();
    Image image = make_image(name_, height, width, channels, max_pixels);
    if (is_bits) {
      is_text ? read_bit_characters(image) : read_packed_bits(image);
      return image;
    }
    const std::vector<uint8_t> scaled = scale(max_value, channels);
    for (uint8_t& pixel : image.pixels) {
      const int64_t value = is_text ? number() : binary(value_bytes);
      if (is_text && value > max_value) {
        fail_damaged(name_, "PNM",
                     concat_text("a value is ", value, ", above the largest, ", max_value));
      }
      pixel = scaled[std::min(value, max_value)];
    }
    return image;
  }

 private:
  // 0..max_value to 0..255; grey of more than 8 bits to 0..65535 and clipped at 255, as Pillow has
  // it.
  static std::vector<uint8_t> scale(int64_t max_value, int64_t channels) {
    const double out_max = channels == 1 && max_value > 255 ? 65535 : 255;
    std::vector<uint8_t> scaled(max_value + 1);
    for (int64_t v = 0; v <= max_value; ++v) {
      scaled[v] = std::min(255.0, std::nearbyint(static_cast<double>(v) / max_value * out_max));
    }
    return scaled;
  }

  [[noreturn]] void fail_truncated() const {
    fail_damaged(name_, "PNM", "the data end before the picture is complete");
  }

  uint8_t next() {
    if (at_ >= bytes_.size()) fail_truncated();
    return bytes_[at_++];
  }

  void skip_one_space() {
    if (!std::isspace(next())) fail_damaged(name_, "PNM", "the header does not end in white space");
  }

  // The next byte that is neither white space nor part of a comment.
  uint8_t next_visible() {
    while (true) {
      uint8_t byte = next();
      while (byte == '#') {
        while (byte != '\n' && byte != '\r') byte = next();
      }
      if (!std::isspace(byte)) return byte;
    }
  }

  int64_t number() {
    constexpr int64_t kLargest = 9'999'999'999;  // ten digits
    int64_t value = 0;
    for (uint8_t byte = next_visible();; byte = next()) {
      if (!std::isdigit(byte)) fail_damaged(name_, "PNM", "expected a number");
      value = value * 10 + (byte - '0');
      if (value > kLargest) fail_damaged(name_, "PNM", "a number has more than ten digits");
      if (at_ >= bytes_.size() || std::isspace(bytes_[at_]) || bytes_[at_] == '#') return value;
    }
  }

  int64_t binary(int64_t size) {
    const int64_t high = size == 2 ? next() : 0;
    return high << 8 | next();
  }

  void read_bit_characters(Image& image) {
    for (uint8_t& pixel : image.pixels) {
      const uint8_t bit = next_visible();
      if (bit != '0' && bit != '1') fail_damaged(name_, "PNM", "expected 0 or 1");
      pixel = bit == '1' ? 0 : 255;
    }
  }

  void read_packed_bits(Image& image) {
    for (int64_t y = 0; y < image.height; ++y) {
      uint8_t bits = 0;
      for (int64_t x = 0; x < image.width; ++x, bits <<= 1) {
        if (x % 8 == 0) bits = next();
        image.pixels[y * image.width + x] = bits & 0x80 ? 0 : 255;
      }
    }
  }

  Bytes bytes_;
  const std::string& name_;
  size_t at_ = 0;
};

}  // namespace

Image decode_pnm(Bytes bytes, const std::string& name, int64_t max_pixels) {
  return PnmReader(bytes, name).read(max_pixels);
}

}  // namespace smtrain::data
