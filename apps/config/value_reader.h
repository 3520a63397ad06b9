// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "smtrain/apps/config/schema.h"
#include "smtrain/apps/config/variables.h"
#include "smtrain/apps/config/yaml_reader.h"
#include "smtrain/engine/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace smtrain::app {

/// What is being read, for which key, and the key's full name.
struct Target {
  const Node& node;
  const Key& key;
  const std::string& path;
};

/// Throws "cats.yaml:14:3: train.epochs: expected a whole number, at least 1, got 'three'".
[[noreturn]] void refuse(const Target& at, std::string_view expected);

/// A node as messages show it: 'three', a list, nothing.
std::string described(const Node& node);

/// A node as one line of YAML shows it: "[resize, {grayscale: 1}]". Long ones are cut.
std::string on_one_line(const Node& node);

/// Reads the values that hold no keys: scalars and lists of scalars. Numbers and true or false are
/// written without quotes. Every read() throws std::invalid_argument as refuse() does.
class ValueReader {
 public:
  explicit ValueReader(const Variables& variables) : variables_(variables) {}

  /// A scalar with its ${...} expanded.
  std::string text(const Target& at) const;

  void read(const Target& at, bool* value) const;
  void read(const Target& at, int64_t* value) const;
  void read(const Target& at, double* value) const;
  void read(const Target& at, std::string* value) const;
  void read(const Target& at, Size2d* value) const;
  void read(const Target& at, std::array<double, 2>* value) const;
  void read(const Target& at, std::vector<int64_t>* value) const;
  void read(const Target& at, std::vector<double>* value) const;
  void read(const Target& at, std::vector<std::string>* value) const;
  void read(const Target& at, std::optional<int64_t>* value) const;
  void read(const Target& at, std::optional<double>* value) const;
  void read(const Target& at, std::optional<Size2d>* value) const;
  void read(const Target& at, const OneOf& value) const;

 private:
  std::string plain_text(const Target& at) const;
  template <typename Number>
  Number number(const Target& at) const;
  template <typename Number>
  std::vector<Number> numbers(const Target& at) const;
  template <typename T>
  void read_optional(const Target& at, std::optional<T>* value) const;

  const Variables& variables_;
};

}  // namespace smtrain::app
