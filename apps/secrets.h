// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// What is printed is read by others: values that belong to a secret are not.
namespace smtrain::app {

inline constexpr char kMask[] = "******";

/// Whether a name is that of a secret: it has SECRET, PASSWORD, PASSWD, KEY, TOKEN, PRIVATE or
/// CREDENTIAL in it, in small or capital letters.
bool is_secret(std::string_view name);

/// A JSON text in which the members with the name of a secret, at any depth, are masked, and so is,
/// in a list of arguments, what follows `--secret` or the '=' of `secret=`. Other texts as they
/// are.
std::string masked_json(const std::string& text);

}  // namespace smtrain::app
