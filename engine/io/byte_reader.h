// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/error.h"

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace smtrain {

/// A cursor over bytes from outside. Every read is checked against the end; what does not fit
/// throws BadInput naming the source, the offset and the field.
class ByteReader {
 public:
  /// `bytes` must outlive the reader; `name` is what messages call them, usually a path.
  ByteReader(std::span<const uint8_t> bytes, std::string name)
      : bytes_(bytes), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  size_t size() const { return bytes_.size(); }
  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }

  /// Moves to an absolute offset, which may be the end.
  void seek(uint64_t offset, std::string_view what) {
    if (offset > bytes_.size()) {
      bad_input(name_, ": ", what, " lies at offset ", offset, ", beyond the end (", bytes_.size(),
                " bytes)");
    }
    offset_ = static_cast<size_t>(offset);
  }

  /// The next `count` bytes, in place.
  std::span<const uint8_t> take(uint64_t count, std::string_view what) {
    if (count > remaining()) {
      bad_input(name_, ": ", what, " needs ", count, " bytes at offset ", offset_, ", ",
                remaining(), " are left");
    }
    const auto taken = bytes_.subspan(offset_, static_cast<size_t>(count));
    offset_ += taken.size();
    return taken;
  }

  std::string_view take_text(uint64_t count, std::string_view what) {
    const auto text = take(count, what);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  /// An integer stored least significant byte first.
  template <std::integral T>
  T little(std::string_view what) {
    return read<T>(what, [](size_t i) { return i; });
  }

  /// An integer stored most significant byte first.
  template <std::integral T>
  T big(std::string_view what) {
    return read<T>(what, [](size_t i) { return sizeof(T) - 1 - i; });
  }

 private:
  template <typename T, typename Significance>
  T read(std::string_view what, Significance significance) {
    const auto raw = take(sizeof(T), what);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= uint64_t{raw[i]} << (8 * significance(i));
    return static_cast<T>(value);
  }

  std::span<const uint8_t> bytes_;
  size_t offset_ = 0;
  std::string name_;
};

}  // namespace smtrain
