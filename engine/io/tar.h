// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace smtrain {

/// A file or folder in a tar archive.
struct TarEntry {
  std::string name;  // relative, without "." and ".."
  bool is_folder = false;
  uint64_t size = 0;  // bytes of a file
};

/// Reads a .tar.gz from outside, entry by entry: POSIX ustar with pax' and GNU's long names. `read`
/// fills a span with the next bytes of the entry, at most `size` in all; what it leaves is skipped.
/// Links and devices are left out.
///
/// Throws BadInput naming `name` for a damaged or truncated archive, a name that is
/// absolute or has "..", more than 100,000 entries and more than 4 GiB of files.
using TarReader = std::function<void(std::span<uint8_t> out)>;
void read_tar_gz(std::span<const uint8_t> bytes, const std::string& name,
                 const std::function<void(const TarEntry& entry, const TarReader& read)>& on_entry);

}  // namespace smtrain
