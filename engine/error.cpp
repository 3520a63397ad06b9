// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/error.h"

#include <cerrno>
#include <sstream>
#include <system_error>

namespace smtrain {

std::string joined_text(std::initializer_list<TextPart> parts) {
  std::ostringstream text;
  for (const TextPart& part : parts) part.print(text, part.value);
  return text.str();
}

std::string system_message() { return std::generic_category().message(errno); }

}  // namespace smtrain
