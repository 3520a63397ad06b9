// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace smtrain {

/// A number of bytes for people: "512 bytes", "1.5 KiB", "23.4 MiB", "79.1 GiB".
std::string byte_count_text(uint64_t bytes);

}  // namespace smtrain
