// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/byte_count.h"

#include <iterator>

namespace smtrain {

std::string byte_count_text(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  constexpr const char* kUnits[] = {" KiB", " MiB", " GiB", " TiB"};
  double count = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; count >= 1023.95 && unit + 1 < std::size(kUnits); ++unit) count /= 1024;
  const auto tenths = static_cast<uint64_t>(count * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + kUnits[unit];
}

}  // namespace smtrain
