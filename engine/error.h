// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>

namespace smtrain {

/// Device or host memory ran out; a caller may retry with less.
class OutOfMemory : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What was read is missing, unreadable or not what it should be: a file or folder that the caller
/// named.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A value that can be streamed, and how: so that joining is one function and not one per message.
struct TextPart {
  const void* value;
  void (*print)(std::ostream& text, const void* value);

  template <typename T>
  static TextPart of(const T& value) {
    return {&value, [](std::ostream& text, const void* v) { text << *static_cast<const T*>(v); }};
  }
  static TextPart of(const char* value) {
    return {value, [](std::ostream& text, const void* v) { text << static_cast<const char*>(v); }};
  }
};
std::string joined_text(std::initializer_list<TextPart> parts);

/// What the system says of its last error, errno: "No space left on device".
std::string system_message();

/// Joins anything that can be streamed into one string.
template <typename... Parts>
std::string concat_text(const Parts&... parts) {
  return joined_text({TextPart::of(parts)...});
}

/// Throws std::invalid_argument with the joined parts: the caller's mistake. A message opens with
/// the operation that the caller wrote, says what was expected and what came, and ends with shapes
/// or file and line.
template <typename... Parts>
[[noreturn]] void mistake(const Parts&... parts) {
  throw std::invalid_argument(concat_text(parts...));
}

/// Throws as mistake() does unless the condition holds.
template <typename... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    mistake(parts...);
}

/// Throws std::runtime_error with the joined parts: the world failed (files, devices), not the
/// caller.
template <typename... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw std::runtime_error(concat_text(parts...));
}

/// Throws BadInput with the joined parts.
template <typename... Parts>
[[noreturn]] void bad_input(const Parts&... parts) {
  throw BadInput(concat_text(parts...));
}

}  // namespace smtrain
