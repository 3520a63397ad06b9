// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct inflate_state;  // ISA-L's

namespace smtrain {

/// How bytes are stored: as they are, as a bare deflate stream (zip entries), or as gzip members
/// (.gz files).
enum class Compression : uint8_t { none, deflate, gzip };

/// No deflate stream expands further: a declared size above this multiple of the compressed size is
/// a lie.
inline constexpr uint64_t kMaxInflation = 1032;

/// Unpacks bytes from outside, piece by piece, only ever into places whose size the caller has
/// decided on. Checks the stream's structure and, for gzip, the length and CRC of every member.
class Decompressor {
 public:
  /// `packed` must outlive the object; `name` is what messages call them.
  Decompressor(std::span<const uint8_t> packed, Compression compression, std::string name);
  ~Decompressor();

  /// Fills `out` from where the last call ended and returns how many bytes it wrote: less than
  /// out.size() only at the end of the data. Throws BadInput for a damaged or truncated
  /// stream and for bytes that follow its end.
  size_t read(std::span<uint8_t> out);

 private:
  size_t read_stored(std::span<uint8_t> out);
  size_t inflate_some(std::span<uint8_t> out);
  void start_next_member();

  std::span<const uint8_t> packed_;  // not yet consumed
  size_t offset_ = 0;                // of packed_ in the original, for messages
  Compression compression_;
  bool finished_ = false;
  std::string name_;
  std::unique_ptr<inflate_state> stream_;
};

/// `bytes` as one gzip member without name or time, so that the same bytes give the same file.
/// `level` 1 (fastest) to 9 (smallest).
std::vector<uint8_t> gzip(std::span<const uint8_t> bytes, int level = 6);

/// Whether the bytes begin like a gzip file.
inline bool is_gzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

}  // namespace smtrain
