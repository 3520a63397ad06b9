// SPDX-License-Identifier: Apache-2.0

// Bytes that pass for a cache by their footer either have entries that lie one behind the other in
// them, or are no cache. The first byte is how many pictures they are to hold.

#include "smtrain/data/cache_format.h"

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size_bytes) {
  using namespace smtrain::data;
  if (size_bytes == 0) return 0;
  const uint64_t count = bytes[0];
  const std::string key(64, 'k');
  std::string file(bytes + 1, bytes + size_bytes);
  const uint64_t crc = ::crc32_z(::crc32_z(0, nullptr, 0),
                                 reinterpret_cast<const uint8_t*>(file.data()), file.size());
  const auto append = [&](uint64_t value) {
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  file += "smtrain cache 1\n" + key;
  append(count);
  append(crc);
  const auto entries = read_cache(smtrain::bytes_of(file), key, static_cast<int64_t>(count));
  if (!entries) return 0;

  uint64_t end = 0;
  for (const CacheEntry& entry : *entries) {
    if (entry.offset != end) std::abort();
    end += entry.error_bytes > 0 ? entry.error_bytes
                                 : uint64_t{entry.height} * entry.width * entry.channels;
  }
  if (entries->size() != count || end + count * sizeof(CacheEntry) + 1 != size_bytes) std::abort();
  return 0;
}
