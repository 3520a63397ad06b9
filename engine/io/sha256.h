// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace smtrain {

/// The SHA-256 digest (FIPS 180-4) of bytes that come in pieces.
class Sha256 {
 public:
  void update(std::span<const uint8_t> bytes);

  /// The digest of all bytes so far as 64 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  void compress(const uint8_t* block);

  std::array<uint32_t, 8> hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending_ = {};  // the first size_bytes_ % 64 of it wait for a full block
  uint64_t size_bytes_ = 0;
};

/// The digest of one piece.
std::string sha256(std::span<const uint8_t> bytes);

}  // namespace smtrain
