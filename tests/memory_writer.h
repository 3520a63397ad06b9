// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/engine/io/file.h"

#include <cstdint>
#include <span>
#include <string>

namespace smtrain::test {

/// Keeps what is written, as if it stood behind `before` other bytes.
class MemoryWriter : public FileWriter {
 public:
  explicit MemoryWriter(uint64_t before = 0) : before_(before) {}

  using FileWriter::write;
  void write(std::span<const uint8_t> bytes) override { text_.append(bytes.begin(), bytes.end()); }
  uint64_t size() const override { return before_ + text_.size(); }
  const std::string& text() const { return text_; }

 private:
  uint64_t before_;
  std::string text_;
};

}  // namespace smtrain::test
