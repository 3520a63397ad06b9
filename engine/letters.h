// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smtrain {

/// A to Z become a to z, whatever the locale; other bytes stay.
inline std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// a to z become A to Z, whatever the locale; other bytes stay.
inline std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace smtrain
